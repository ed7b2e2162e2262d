"""Imports: many documents at once, durably."""
