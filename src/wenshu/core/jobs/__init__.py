"""Durable work: jobs that outlive a crash, their progress, and who may follow it."""
