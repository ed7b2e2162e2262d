"""Language models behind two ports: any endpoint that speaks OpenAI's chat completions and embeddings."""
