"""Which posts a session's approved summaries make, in the caller's transaction.

A summary is posted once at each destination, a new version of it once more; the session's page
is kept current where a network has such a thing. How they look is the networks' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.errors import InvalidSessionError, UnknownSummaryError
from bot.domain.model import (
    Audience,
    Destination,
    Group,
    Network,
    Post,
    PostKind,
    Session,
    SessionStatus,
    SessionView,
    Summary,
)
from bot.domain.ports import Rows, WritesPage
from bot.domain.posts import ArticlePost, article_post, card_of, summary_post
from bot.services.find import is_visible
from bot.services.places import places, try_again

_KINDS = (PostKind.SUMMARY, PostKind.ARTICLE)
_WHY = "a newer one was approved"


@dataclass(frozen=True, slots=True)
class Posted:
    """``posts`` were queued by the call; 0 when all that there is to post had been posted."""

    session: Session
    posts: int


async def post(
    rows: Rows, group: Group, session: Session, article: WritesPage | None, now: datetime
) -> int:
    """Queue what is approved for every destination; again, only what is missing or failed.

    Returns how many. Raises InvalidSessionError for a session that members don't see or when there
    is nowhere to post, UnknownSummaryError when nothing is approved.
    """
    _require_seen(session, now)
    current = await rows.summaries.current(session.id)
    if not current:
        raise UnknownSummaryError(
            f"No summary of “{session.title}” is approved yet; make or approve one first."
        )
    await try_again(rows, group.id)
    destinations = await places(rows, group.id)
    if not destinations:
        raise InvalidSessionError(
            "There is nowhere to post it: enable a network in the configuration, "
            "start the bot with `readalong run`, and post again."
        )
    wanted = await due_with(rows, group, session, destinations, article)
    return await rows.outbox.revive(wanted, now) + await rows.outbox.add(wanted, now)


async def due_with(
    rows: Rows,
    group: Group,
    session: Session,
    destinations: Sequence[Destination],
    article: WritesPage | None,
) -> list[Post]:
    """The posts of what is approved, the page first; what waits of older versions is dropped."""
    current = await rows.summaries.current(session.id)
    if not current:
        return []
    wanted = _articles(group, session, current, destinations, article) + [
        summary_post(group, session, current[audience], place)
        for place in destinations
        for audience in Audience
        if audience in current
    ]
    await rows.outbox.supersede(session.id, _KINDS, _WHY, keep=[each.key for each in wanted])
    return wanted


async def update_page(
    rows: Rows, group: Group, session: Session, article: WritesPage | None, now: datetime
) -> int:
    """Queue the page anew after an approval, where members see the session; how many posts."""
    current = await rows.summaries.current(session.id)
    if article is None or not current or not is_visible(session, now):
        return 0
    destinations = await places(rows, group.id)
    wanted = _articles(group, session, current, destinations, article)
    # What still waits to be posted of an older version would come after it was replaced.
    kept = wanted + [
        summary_post(group, session, summary, place)
        for summary in current.values()
        for place in destinations
    ]
    await rows.outbox.supersede(session.id, _KINDS, _WHY, keep=[each.key for each in kept])
    return await rows.outbox.add(wanted, now)


async def renew_page(
    rows: Rows, group: Group, session: Session, article: WritesPage | None, now: datetime
) -> int:
    """Queue the page anew where it was posted and the session says something else now, which may
    be that it is off; how many posts."""
    current = await rows.summaries.current(session.id)
    if article is None or not current:
        return 0
    wanted = _articles(group, session, current, await places(rows, group.id), article)
    kept = [each.key for each in wanted]
    kinds = (PostKind.ARTICLE,)
    waited = await rows.outbox.supersede(session.id, kinds, "the session changed", keep=kept)
    posted = await rows.outbox.sent(session.id, Network.NOSTR, PostKind.ARTICLE)
    if posted or (waited and is_visible(session, now)):
        return await rows.outbox.add(wanted, now)
    return 0


def _articles(
    group: Group,
    session: Session,
    current: Mapping[Audience, Summary],
    destinations: Sequence[Destination],
    article: WritesPage | None,
) -> list[Post]:
    networks = [place for place in destinations if place.network is Network.NOSTR]
    if article is None or not networks:
        return []
    page = article(SessionView(session, dict(current)))
    body = ArticlePost(card_of(group, session), page)
    versions = {audience: summary.version for audience, summary in current.items()}
    return [article_post(session, body, versions, place) for place in networks]


def _require_seen(session: Session, now: datetime) -> None:
    if is_visible(session, now):
        return
    if session.status is SessionStatus.CANCELLED:
        raise InvalidSessionError(f"“{session.title}” was cancelled; nothing is posted of it.")
    raise InvalidSessionError(
        f"“{session.title}” isn't announced yet; announce it first, and then post its summaries."
    )
