"""The model gateway: OpenAI's and Baidu's calls, answered by the models that are configured, or by extraction."""
