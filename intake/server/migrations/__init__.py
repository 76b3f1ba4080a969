"""Steps from one version of the tables to the next, for SQLite and PostgreSQL alike; schema.py takes them."""
