"""The executive's assistant: material library and chat (document 001)."""
