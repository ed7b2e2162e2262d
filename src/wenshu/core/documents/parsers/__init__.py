"""One module a format; each turns bytes into a document, inside the parser process only."""
