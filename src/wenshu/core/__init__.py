"""What every service stands on. No FastAPI, no Starlette in here."""
