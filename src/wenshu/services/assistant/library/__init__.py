"""The material library: ``/vector_db_service/*``."""
