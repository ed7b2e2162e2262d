"""Notes from outside (小红书 and the like), asked of a server that the operator named."""
