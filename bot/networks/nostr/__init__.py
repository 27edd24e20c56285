"""Nostr: a relay client of our own, mentions in, posts out."""
