"""What a server's refusal means for the person who gave the link (RFC 9110, 15).

One sentence for each, that says what to do; and whether asking again could help.
"""

from __future__ import annotations

from bot.domain.errors import ReadingError

_SAVE = "open it in a browser, save it as PDF or text and give the file"

_PERMANENT = {
    402: f"“{{host}}” asks to be paid for that page ({{status}}); {_SAVE} if you have access.",
    404: "“{host}” has no page at that address ({status}); check the link and try again.",
    410: "That page of “{host}” is gone for good ({status}); look for a copy and give its file.",
    451: f"“{{host}}” may not show that page here for legal reasons ({{status}}); {_SAVE}.",
    501: f"“{{host}}” can't send that page ({{status}}); {_SAVE}.",
}
_CLOSED = f"“{{host}}” doesn't let a program read that page ({{status}}); {_SAVE}."
_BUSY = (
    "“{host}” is asked too often just now ({status}); try again later, or give the file instead."
)
_FAULT = "“{host}” has a fault just now ({status}); try again later, or give the file instead."
_ODD = f"“{{host}}” didn't send that page but an answer of {{status}}; {_SAVE}."
_EMPTY = (
    "“{host}” sent nothing at that address ({status}); check the link, or give the file instead."
)


def refusal(status: int, host: str) -> ReadingError:
    """Why an answer of ``status`` (any but 200 and redirects) is no reading."""
    sentence, permanent = _meaning(status)
    return ReadingError(sentence.format(host=host, status=status), permanent=permanent)


def _meaning(status: int) -> tuple[str, bool]:
    if status in _PERMANENT:
        return _PERMANENT[status], True
    if status in {401, 403, 407}:
        return _CLOSED, True
    if status in {408, 425, 429}:
        return _BUSY, False
    if status in {202, 204, 205}:
        return _EMPTY, True
    return (_FAULT, False) if status >= 500 else (_ODD, True)
