"""Baidu's calls: tokens, ERNIE v1 chat and embeddings, system memory."""
