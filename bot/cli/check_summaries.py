"""What `readalong check` says of the summaries: who makes them, and whether the model's server
answers.

Nothing is asked of a server where no model is configured, and no reading is ever sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.cli.show import one_line, say

if TYPE_CHECKING:
    from bot.config import Config


@dataclass(slots=True)
class SummariesReport:
    """``key`` says whether there is one. ``ok``: summaries can be made, as far as one can tell."""

    provider: str = ""
    model: str = ""
    address: str = ""
    key: bool = False
    ok: bool = False
    detail: str = ""


async def look_at_summaries(report: SummariesReport, config: Config) -> None:
    """Ask the model's server, where there is one to ask."""
    table = config.summaries
    report.provider, report.key = table.provider, bool(config.model_key)
    if not table.by_model:
        report.ok, report.detail = True, "quotes the reading (no AI)"
        return
    from bot.summarisers.server import look_at_server

    found = await look_at_server(table.base_url, table.model, config.model_key)
    report.model, report.address = table.model, found.address
    report.ok, report.detail = found.ok, found.detail


def remark_of(report: SummariesReport) -> str:
    """What an operator should know; "" where all is well. The bot runs all the same."""
    if report.ok or not report.provider:
        return ""
    return "A model's summaries can't be made now; those without AI can (`summary make --no-ai`)."


def as_json(report: SummariesReport) -> dict[str, Any]:
    """Keys are only ever added."""
    return {
        "ok": report.ok,
        "provider": report.provider,
        "model": report.model or None,
        "base_url": report.address or None,
        "key": report.key,
        "detail": report.detail,
    }


def tell_of(report: SummariesReport) -> None:
    """In words."""
    if not report.provider:
        return
    if not report.model:
        say(f"summaries {report.provider}: {report.detail}")
        return
    key = "with a key" if report.key else "without a key"
    say(f"summaries {one_line(report.model)} at {one_line(report.address)}, {key}")
    say(f"  {'ok  ' if report.ok else 'FAIL'}    {one_line(report.detail)}")
