"""What a tenant's administrator sets and sees: aliases, word lists, budgets, usage."""
