"""The material and what can be said from it: ingest, search, answer, ground."""
