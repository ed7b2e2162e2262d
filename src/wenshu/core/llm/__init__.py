"""Language models behind one port: any endpoint that speaks OpenAI's chat completions."""
