"""Moving an embedded home outside: its rows, its files and its index, copied, compared, and nothing changed behind."""
