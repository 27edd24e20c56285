"""Discord commands: each parses, calls one service and replies.

They are loaded by name; `bot` never imports them.
"""
