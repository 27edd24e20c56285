"""People: what the data file holds on one of them, and forgetting it.

A person is a network's address. Whether somebody is who they say is the network's to check, before
it comes here.
"""

from __future__ import annotations

import hmac
from dataclasses import replace

from bot.domain.model import Author, Holdings
from bot.domain.ports import Store
from bot.domain.text import clean_name


def author_hash(secret: bytes, author: Author) -> str:
    """What stands for an author who asked anonymously; tells nothing without ``secret``."""
    person = f"{author.network}:{author.address}".encode()
    return hmac.digest(secret, person, "sha256").hex()


def presentable(author: Author) -> Author:
    """The same person, with a name that is safe to keep."""
    name = author.name and clean_name(author.name)
    return author if name == author.name else replace(author, name=name)


class People:
    """Everybody whom the data file knows, in all groups. ``secret`` finds anonymous questions."""

    def __init__(self, store: Store, secret: bytes) -> None:
        self._store = store
        self._secret = secret

    async def holdings(self, person: Author) -> Holdings:
        """What there is on them; all zero for somebody unknown."""
        async with self._store.read() as view:
            return await view.people.holdings(person, author_hash(self._secret, person))

    async def forget(self, person: Author) -> Holdings:
        """Delete it, for good: votes, RSVPs, names, and their questions' words.

        A question's number is kept, so that nobody else's gets it. Returns what there was.
        """
        async with self._store.transaction() as tx:
            return await tx.people.forget(person, author_hash(self._secret, person))
