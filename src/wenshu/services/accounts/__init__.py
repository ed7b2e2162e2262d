"""Accounts: login, tokens, tenants, users, API keys."""
