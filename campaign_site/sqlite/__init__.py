"""Django's SQLite, with a connection per process that stays."""
