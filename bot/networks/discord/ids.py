"""What a button's custom id says, so that it works for ever: a verb and its arguments.

``"ra:vote:12:3:0"`` is a vote for question 3 of session 12, on the first page of its board. Discord
allows 100 characters. A released id never changes its meaning: messages of last year carry it.
"""

from __future__ import annotations

from enum import StrEnum

PREFIX = "ra"


class Verb(StrEnum):
    """The arguments of each; SESSION is a session's id, NUMBER a question's on its board."""

    RSVP = "rsvp"  # SESSION:yes|maybe|no
    SUMMARY = "summary"  # SESSION:techie|plain
    ASK = "ask"  # SESSION
    VOTE = "vote"  # SESSION:NUMBER[:PAGE], on or off, and the page that is drawn again
    BOARD = "board"  # SESSION:PAGE (from 0)
    MODERATE = "moderate"  # SESSION:NUMBER, opens the organiser's buttons for that question
    HIDE = "hide"  # SESSION:NUMBER
    REOPEN = "reopen"  # SESSION:NUMBER, open again, from hidden or answered
    ANSWERED = "answered"  # SESSION:NUMBER
    MERGE = "merge"  # SESSION:NUMBER
    ADD = "add"  # MINUTES:ZONE, the form of a new session
    EDIT = "edit"  # SLUG, the form of a session's changes
    PROPOSAL = "proposal"  # ID:store|announce|discard
    FORGET = "forget"  # USER, a snowflake
    EVIDENCE = "evidence"  # SESSION:techie|plain:VERSION, where the reading says what it says
    APPROVE = "approve"  # SLUG:VERSION:VERSION, the techie and the plain one (0: none) as shown
    REWRITE = "rewrite"  # SLUG:techie|plain:VERSION, the form of a summary's words
    AGAIN = "again"  # SLUG, have both summaries made anew
    NO_AI = "noai"  # SLUG, have both made without a model
    POST = "post"  # SLUG, post what is approved
    SUGGESTED = "suggested"  # ID:NUMBER, put a suggested question on the board


def custom_id(verb: Verb, *arguments: object) -> str:
    """``custom_id(Verb.VOTE, 12, 3)`` -> ``"ra:vote:12:3"``."""
    return ":".join((PREFIX, verb.value, *map(str, arguments)))


def template(verb: Verb, *patterns: str) -> str:
    """The regular expression of a verb's ids, for ``discord.ui.DynamicItem``."""
    return ":".join((PREFIX, verb.value, *patterns))
