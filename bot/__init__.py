"""Readalong: a reading group on Discord and Nostr at once, from one process and one SQLite file."""

__version__ = "0.1.0"
