"""Chat with the company's own material: ``/chat_service/*``."""
