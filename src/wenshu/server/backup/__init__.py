"""Backups: all that a server holds in one file, taken while it serves, and put back into an empty place."""
