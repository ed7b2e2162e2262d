"""The command line: Typer commands, over HTTP where a server is running."""
