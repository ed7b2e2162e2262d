"""Telemetry: what a process tells of itself, in figures."""
