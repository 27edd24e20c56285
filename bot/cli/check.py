"""`readalong check`: what would start and what is wrong, looked at without starting it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from bot.cli.show import one_line, say, say_json
from bot.domain.errors import ConfigError
from bot.domain.model import Network, OutboxState

if TYPE_CHECKING:
    from bot.app import Desk
    from bot.config import Config
    from bot.networks.nostr.inspection import RelayInformation
    from bot.networks.nostr.keys import Signer
    from bot.networks.nostr.probe import RelayReport


@dataclass(slots=True)
class Report:
    """``problems`` keep the bot from its work; ``remarks`` don't."""

    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    config: Config | None = None
    npub: str = ""
    pubkey: str = ""
    relays: list[RelayReport] = field(default_factory=list)
    data_file: str = ""
    running_pid: int | None = None
    waiting: dict[str, int] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


async def examine(load: Callable[[], Config]) -> Report:
    """Everything that can be said without starting; problems are gathered, not raised."""
    report = Report()
    try:
        config = report.config = load()
        await _look_at_data(report, config)
    except ConfigError as error:
        report.problems.extend(error.problems)
    if report.config is not None:
        await _look_at_network(report, report.config)
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
            await _look_at_outbox(report, desk, folder.signer(nsec))
    if config.nostr.enabled:
        signer = folder.required_signer(nsec)
        report.npub, report.pubkey = signer.npub, signer.public_key


async def _look_at_outbox(report: Report, desk: Desk, signer: Signer | None) -> None:
    async with desk.store.read() as view:
        counts = await view.outbox.count(Network.NOSTR)
        failures = await view.outbox.failures()
        places = await view.groups.destinations(desk.group.id)
    report.waiting = {state.value: number for state, number in counts.items() if number}
    report.failures = [(post.key, error) for post, error in failures]
    stuck = counts.get(OutboxState.FAILED, 0) + counts.get(OutboxState.UNKNOWN, 0)
    if stuck:
        some = "1 post" if stuck == 1 else f"{stuck} posts"
        report.remarks.append(f"{some} could not be sent; the newest failures are listed.")
    report.remarks.extend(
        f"Posts to {place.network.value} are paused: {one_line(place.paused_reason)}"
        for place in places
        if place.paused_at is not None and signer and place.address == signer.public_key
    )


async def _look_at_network(report: Report, config: Config) -> None:
    from bot.networks.nostr.probe import probe

    if not config.nostr.enabled:
        report.problems.append("[nostr] enabled: is false, so there is nothing to run.")
        return
    author = report.pubkey or "0" * 64
    report.relays = list(await asyncio.gather(*(probe(url, author) for url in config.nostr.relays)))
    down = [relay for relay in report.relays if not relay.ok]
    if len(down) == len(report.relays):
        report.problems.append("None of the relays answers; nothing can be posted or heard.")
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
        "outbox": {
            **report.waiting,
            "failures": [{"key": key, "error": error} for key, error in report.failures],
        },
    }


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
        say(f"group     {config.group.name} ({config.group.slug}), {config.group.timezone}")
    if report.data_file:
        pid = report.running_pid
        say(f"data      {report.data_file}" + (f", in use by pid {pid}" if pid else ""))
    if report.npub:
        say(f"nostr     {report.npub}")
    for relay in report.relays:
        say(f"  {'ok  ' if relay.ok else 'DOWN'}    {relay.url}  {one_line(relay.detail)}")
    if report.waiting:
        say("outbox    " + ", ".join(f"{n} {state}" for state, n in report.waiting.items()))
    for key, error in report.failures:
        say(f"  failed  {one_line(key)}: {one_line(error)}")
    for remark in report.remarks:
        say(f"note      {remark}")
    for problem in report.problems:
        say(f"PROBLEM   {problem}")
    say("Ready to run." if report.ok else "Not ready to run.")
