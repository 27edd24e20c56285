"""`readalong check`: what would start and what is wrong, looked at without starting it.

What it says of Discord is gathered in `check_discord`, of the summaries in `check_summaries`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from bot.cli.check_discord import (
    DiscordReport,
    as_json,
    look_at_data_file,
    look_at_discord,
    tell_of,
)
from bot.cli.check_summaries import SummariesReport, look_at_summaries, remark_of
from bot.cli.check_summaries import as_json as summaries_json
from bot.cli.check_summaries import tell_of as tell_of_summaries
from bot.cli.show import one_line, say, say_json
from bot.domain.errors import ConfigError
from bot.domain.model import Group, Network, OutboxState

if TYPE_CHECKING:
    from bot.app import Desk
    from bot.config import Config
    from bot.networks.nostr.inspection import RelayInformation
    from bot.networks.nostr.keys import Signer
    from bot.networks.nostr.probe import RelayReport


_ENDED = {
    OutboxState.FAILED: "could not be sent",
    OutboxState.UNKNOWN: "may stand on Discord or not, which can't be told; look there",
}


@dataclass(slots=True)
class Report:
    """``problems`` keep the bot from its work; ``remarks`` don't."""

    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    config: Config | None = None
    group: Group | None = None  # as it is in the data file, where `/setup` may have changed it
    npub: str = ""
    pubkey: str = ""
    relays: list[RelayReport] = field(default_factory=list)
    data_file: str = ""
    running_pid: int | None = None
    discord: DiscordReport = field(default_factory=DiscordReport)
    summaries: SummariesReport = field(default_factory=SummariesReport)
    waiting: dict[Network, dict[str, int]] = field(default_factory=dict)
    failures: list[tuple[Network, str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


async def examine(load: Callable[[], Config]) -> Report:
    """Everything that can be said without starting; problems are gathered, not raised."""
    report = Report()
    try:
        config = report.config = load()
        await look_at_discord(report.discord, config)
        await _look_at_data(report, config)
    except ConfigError as error:
        report.problems.extend(error.problems)
    if report.config is not None:
        await _look_at_networks(report, report.config)
        await look_at_summaries(report.summaries, report.config)
    if remark := remark_of(report.summaries):
        report.remarks.append(remark)
    return report


async def _look_at_data(report: Report, config: Config) -> None:
    from bot.app import open_desk
    from bot.instance import DataFolder

    folder = DataFolder(config.data_dir)
    nsec = config.nostr_nsec.get_secret_value() if config.nostr_nsec else None
    report.data_file = str(folder.data_file)
    if not folder.data_file.exists():
        report.remarks.append(f"{folder.data_file} doesn't exist yet; it will be made.")
    else:
        report.running_pid = folder.running_pid()
        async with open_desk(config) as desk:
            report.group = desk.group
            await _look_at_outbox(report, desk, folder.signer(nsec))
            await look_at_data_file(report.discord, desk)
    if config.nostr.enabled:
        signer = folder.required_signer(nsec)
        report.npub, report.pubkey = signer.npub, signer.public_key


async def _look_at_outbox(report: Report, desk: Desk, signer: Signer | None) -> None:
    async with desk.store.read() as view:
        counts = {
            network: await view.outbox.count(network)
            for network in (Network.NOSTR, Network.DISCORD)
        }
        failures = await view.outbox.failures()
        places = await view.groups.destinations(desk.group.id)
    report.waiting = {
        network: {state.value: number for state, number in states.items() if number}
        for network, states in counts.items()
    }
    report.failures = [(post.network, post.key, error) for post, error in failures]
    for state, what in _ENDED.items():
        stuck = sum(states.get(state, 0) for states in counts.values())
        if stuck:
            some = "1 post" if stuck == 1 else f"{stuck} posts"
            report.remarks.append(f"{some} {what}; the newest are listed.")
    report.remarks.extend(
        f"Posts to {place.network.value} are paused: {one_line(place.paused_reason)}"
        for place in places
        if place.paused_at is not None and signer and place.address == signer.public_key
    )


async def _look_at_networks(report: Report, config: Config) -> None:
    if not config.nostr.enabled and config.token is None:
        report.problems.append(
            "[nostr] enabled: is false, and Discord is off, so there is nothing to run."
        )
    if config.nostr.enabled:
        await _look_at_relays(report, config)
    if report.discord.refusal:
        report.problems.append(report.discord.refusal)
    elif report.discord.detail:
        others = report.remarks if any(relay.ok for relay in report.relays) else report.problems
        others.append(f"Discord can't be reached: {report.discord.detail}")


async def _look_at_relays(report: Report, config: Config) -> None:
    from bot.networks.nostr.probe import probe

    author = report.pubkey or "0" * 64
    report.relays = list(await asyncio.gather(*(probe(url, author) for url in config.nostr.relays)))
    down = [relay for relay in report.relays if not relay.ok]
    if len(down) == len(report.relays):
        others = report.remarks if report.discord.ok else report.problems
        others.append("None of the relays answers; nothing can be posted or heard there.")
    elif down:
        report.remarks.append(f"{len(down)} of {len(report.relays)} relays don't answer.")


def tell(report: Report, form: str) -> None:
    """Print the report."""
    if form == "json":
        say_json(_as_json(report))
    else:
        _say(report)


def _as_json(report: Report) -> dict[str, Any]:
    config = report.config
    return {
        "ok": report.ok,
        "problems": report.problems,
        "remarks": report.remarks,
        "config": str(config.path) if config and config.path else None,
        "data_file": report.data_file,
        "running_pid": report.running_pid,
        "nostr": {
            "enabled": bool(config and config.nostr.enabled),
            "npub": report.npub,
            "pubkey": report.pubkey,
            "relays": [
                {
                    "url": relay.url,
                    "ok": relay.ok,
                    "detail": relay.detail,
                    "rtt_ms": relay.rtt_ms,
                    "auth": relay.auth,
                    "limits": _limits(relay.information),
                }
                for relay in report.relays
            ],
        },
        "discord": as_json(report.discord),
        "summaries": summaries_json(report.summaries),
        "outbox": {
            **_together(report),
            "networks": {network.value: states for network, states in report.waiting.items()},
            "failures": [
                {"key": key, "error": error, "network": network.value}
                for network, key, error in report.failures
            ],
        },
    }


def _together(report: Report) -> dict[str, int]:
    """How many posts stand in each state, on all networks."""
    together: dict[str, int] = {}
    for states in report.waiting.values():
        for state, number in states.items():
            together[state] = together.get(state, 0) + number
    return together


def _limits(information: RelayInformation | None) -> dict[str, Any]:
    """What the relay says of itself (NIP-11), where it says it."""
    if information is None:
        return {}
    said = asdict(information)
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in said.items()
        if value is not None and value != ""
    }


def _say(report: Report) -> None:
    config = report.config
    if config is not None:
        say(f"config    {config.path or 'none, every default'}")
        group = report.group or config.group
        say(f"group     {one_line(group.name)} ({group.slug}), {group.timezone}")
    if report.data_file:
        pid = report.running_pid
        say(f"data      {report.data_file}" + (f", in use by pid {pid}" if pid else ""))
    if report.npub:
        say(f"nostr     {report.npub}")
    for relay in report.relays:
        say(f"  {'ok  ' if relay.ok else 'DOWN'}    {relay.url}  {one_line(relay.detail)}")
    tell_of(report.discord)
    tell_of_summaries(report.summaries)
    waiting = [
        f"{number} {state} on {network.value}"
        for network, states in report.waiting.items()
        for state, number in states.items()
    ]
    if waiting:
        say(f"outbox    {', '.join(waiting)}")
    for network, key, error in report.failures:
        say(f"  failed  {one_line(key)} on {network.value}: {one_line(error)}")
    for remark in report.remarks:
        say(f"note      {remark}")
    for problem in report.problems:
        say(f"PROBLEM   {problem}")
    say("Ready to run." if report.ok else "Not ready to run.")
