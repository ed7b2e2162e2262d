"""Names of headers that both ends of a call have to know."""

OPERATOR = "X-Wenshu-Operator"
"""Carries the key that the server wrote into its data folder: who has it runs the server."""
