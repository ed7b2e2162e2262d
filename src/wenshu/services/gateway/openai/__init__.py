"""OpenAI's calls, and Qianfan's v2 in the same shape."""
