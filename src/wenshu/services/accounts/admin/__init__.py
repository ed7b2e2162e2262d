"""Administration: tenants, users, API keys, signing keys, the audit log."""
