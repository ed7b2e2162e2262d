"""The database: engine, short transactions, scopes and migrations; SQLAlchemy Core, no ORM."""
