"""The HTTP kit: dialects, strict requests, SSE, callers, uploads, health."""
