"""One folder a family of calls; services never import each other."""
