"""Outgoing requests to addresses that a caller named: guarded, bounded, pinned."""
