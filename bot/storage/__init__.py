"""The data file: tables, queries and migrations."""
