"""Both networks side by side, over a local Discord server and a local relay: either may be down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import Desk, open_desk, side
from bot.app.discord import EXTENSIONS, shown_name
from bot.app.process import running
from bot.config import Config, load
from bot.domain.errors import ConfigError
from bot.domain.model import OPERATOR, Author, Group, Network, OutboxState, Session
from bot.networks.discord.local.faults import Fate
from bot.networks.discord.local.model import Channel, Guild
from bot.networks.discord.local.redirect import pointed_at
from bot.networks.discord.local.server import LocalDiscord
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.member import joined
from bot.services.groups import GroupSetup
from bot.services.places import SWITCHED_OFF, channel_address
from bot.services.sessions import SessionPlan
from tests.adapters.scripted_relay import Scripted
from tests.cogs.world import extensions
from tests.fakes import FakeNow
from tests.waiting import until

SIGNER = Signer(b"\x01" * 32)
MESSAGES = "/channels/*/messages"
DEAD_RELAY = "ws://127.0.0.1:9"


@pytest.fixture
async def server() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord() as server:
        with pointed_at(server):
            yield server


@pytest.fixture
async def relay() -> AsyncIterator[str]:
    async with LocalRelay() as relay:
        yield relay.url


def configured(folder: Path, token: str = "", relay: str = "", more: str = "") -> Config:
    """Nostr is on where there is a ``relay``, Discord where there is a ``token``."""
    nostr = f'relays = ["{relay}"]' if relay else "enabled = false"
    file = folder / "config.toml"
    file.write_text(f'[nostr]\n{nostr}\n[group]\nname = "As configured"\n{more}', encoding="utf-8")
    environ = {"NOSTR_NSEC": SIGNER.nsec, "DISCORD_TOKEN": token}
    return load(file, environ)


def home(server: LocalDiscord) -> tuple[Guild, Channel]:
    guild = server.guild()
    return guild, next(iter(guild.channels.values()))


async def set_up(bot: Desk, guild: Guild, channel: Channel) -> Group:
    setup = GroupSetup("As set up", "America/New_York", str(channel.id))
    return (await bot.groups.set_up(str(guild.id), setup, by=OPERATOR)).group


async def announced(bot: Desk, group: Group) -> Session:
    plan = SessionPlan("Who runs the relays?", "2036-12-02 19:00")
    session = await bot.sessions.add(group, plan, by=OPERATOR)
    return (await bot.sessions.announce(group, session.slug, by=OPERATOR)).session


async def all_sent(bot: Desk, network: Network) -> None:
    async def none_waits() -> bool:
        async with bot.store.read() as view:
            counts = await view.outbox.count(network)
        return not counts.get(OutboxState.PENDING) and not counts.get(OutboxState.SENDING)

    await until(none_waits, 10)


async def reasons(bot: Desk, group: Group) -> dict[Network, str]:
    """Why each of a group's destinations is paused; "" where it isn't."""
    async with bot.store.read() as view:
        places = await view.groups.destinations(group.id)
    return {place.network: place.paused_reason for place in places}


async def states(config: Config, network: Network) -> Mapping[OutboxState, int]:
    """How many posts of a network stand in each state, when the bot is down."""
    async with open_desk(config, FakeNow()) as desk, desk.store.read() as view:
        return await view.outbox.count(network)


# Side by side


async def test_a_session_is_announced_on_both_networks_from_the_same_rows(
    tmp_path: Path, server: LocalDiscord, relay: str
) -> None:
    guild, channel = home(server)
    async with running(configured(tmp_path, server.token, relay), FakeNow()) as bot:
        await announced(bot, await set_up(bot, guild, channel))
        await server.posted(channel, "Who runs the relays?")
        for network in (Network.NOSTR, Network.DISCORD):
            await all_sent(bot, network)
    assert len(server.requests.to("POST", MESSAGES)) == 1


async def test_a_command_is_answered_while_the_relay_is_down(
    tmp_path: Path, server: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side, "DRAIN", timedelta(0))
    guild, channel = home(server)
    alice = server.join(guild, "Alice")
    async with running(configured(tmp_path, server.token, DEAD_RELAY), FakeNow()) as bot:
        await announced(bot, await set_up(bot, guild, channel))
        await server.gateway.until_connected()
        assert "Who runs the relays?" in (await alice.slash(channel, "next")).text


async def test_nostr_works_while_discord_is_down_and_discord_catches_up(
    tmp_path: Path, relay: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with LocalDiscord() as before:
        url = before.url
    server = LocalDiscord(port=int(url.rpartition(":")[2]))
    guild, channel = home(server)
    with pointed_at(url):
        async with running(configured(tmp_path, server.token, relay), FakeNow()) as bot:
            await announced(bot, await set_up(bot, guild, channel))
            await all_sent(bot, Network.NOSTR)
            await until(lambda: "Discord can't be reached" in caplog.text)
            async with server:
                await server.posted(channel, "Who runs the relays?", within=20)
                await all_sent(bot, Network.DISCORD)
                assert "Traceback" not in caplog.text


async def test_discord_alone_needs_no_key_and_queues_nothing_for_nostr(
    tmp_path: Path, server: LocalDiscord
) -> None:
    guild, channel = home(server)
    config = configured(tmp_path, server.token).model_copy(update={"nostr_nsec": None})
    async with running(config, FakeNow()) as bot:
        assert bot.signer is None
        await announced(bot, await set_up(bot, guild, channel))
        await server.posted(channel, "Who runs the relays?")
        async with bot.store.read() as view:
            assert not await view.outbox.count(Network.NOSTR)
    assert not (tmp_path / "data" / "nostr.key").exists()


async def test_nostr_alone_does_not_touch_discord(
    tmp_path: Path, relay: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(configured(tmp_path, "", relay), FakeNow()) as bot:
        assert bot.discord is None
    assert "Discord is off: DISCORD_TOKEN isn't set" in caplog.text
    off = configured(tmp_path, "a-token", relay, "[discord]\nenabled = false")
    async with running(off, FakeNow()) as bot:
        assert bot.discord is None
    assert "Discord is off: enabled is false" in caplog.text


@pytest.mark.parametrize(
    ("more", "why"),
    [("", "no DISCORD_TOKEN"), ("[discord]\nenabled = false", "enabled is false")],
)
async def test_without_any_network_there_is_nothing_to_run(
    tmp_path: Path, more: str, why: str
) -> None:
    with pytest.raises(ConfigError, match="so there is nothing to run") as refused:
        async with running(configured(tmp_path, more=more)):
            pass
    assert why in str(refused.value)
    assert not (tmp_path / "data").exists()


# The end


async def test_a_refusal_much_later_ends_the_block_and_finishes_what_nostr_sends(
    tmp_path: Path, server: LocalDiscord, relay: str
) -> None:
    async def refused() -> None:
        async with running(configured(tmp_path, server.token, relay), FakeNow()):
            await server.gateway.until_connected()
            await server.gateway.close(4014)
            await asyncio.Event().wait()

    with pytest.raises(ConfigError, match="4014"):
        await refused()
    assert OutboxState.SENDING not in await states(configured(tmp_path, "", relay), Network.NOSTR)


async def test_a_bad_token_ends_the_start(tmp_path: Path, server: LocalDiscord, relay: str) -> None:
    with pytest.raises(ConfigError, match="DISCORD_TOKEN"):
        async with running(configured(tmp_path, "not-ours", relay), FakeNow()):
            await asyncio.Event().wait()


async def test_both_networks_are_drained_in_the_same_time(
    tmp_path: Path, server: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side, "DRAIN", timedelta(seconds=2))
    guild, channel = home(server)
    clock = asyncio.get_running_loop().time
    async with Scripted() as silent:  # which takes an event and never says so
        async with running(configured(tmp_path, server.token, silent.url), FakeNow()) as bot:
            hanging = server.faults.next("POST", MESSAGES, fate=Fate.HANGS)
            await announced(bot, await set_up(bot, guild, channel))
            await server.faults.happened(hanging)
            await until(lambda: any('"EVENT"' in frame for frame in silent.frames))
            began = clock()
        assert 2.0 <= clock() - began < 3.8, "one after the other"
    for network in (Network.NOSTR, Network.DISCORD):
        config = configured(tmp_path, server.token, DEAD_RELAY)
        assert OutboxState.SENDING not in await states(config, network)


# What counts after a start


async def test_what_setup_decided_outlives_a_start_and_the_log_says_so(
    tmp_path: Path, server: LocalDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    guild, channel = home(server)
    config = configured(tmp_path, server.token)
    async with running(config, FakeNow()) as bot:
        assert bot.group.name == "As configured"
        await set_up(bot, guild, channel)
    caplog.clear()
    async with running(config, FakeNow()) as bot:
        assert (bot.group.name, bot.group.timezone) == ("As set up", "America/New_York")
        assert (await bot.groups.of_guild(str(guild.id))).id == bot.group.id
    assert "As set up is as `/setup` on Discord says" in caplog.text


async def test_what_setup_calls_the_group_stands_in_its_nostr_profile_at_once(
    tmp_path: Path, server: LocalDiscord, relay: str
) -> None:
    config = configured(tmp_path, server.token, relay)
    async with running(config, FakeNow()) as bot, joined(Signer.generate(), relay) as member:
        await member.follow("profiles", {"authors": [SIGNER.public_key], "kinds": [0]})
        await set_up(bot, *home(server))
        assert await member.until(lambda event: "As set up" in event.content, 10)


async def test_the_configured_guild_is_home_and_no_other(
    tmp_path: Path, server: LocalDiscord
) -> None:
    first, second = home(server), home(server)
    config = configured(tmp_path, server.token, more=f'[discord]\nguild = "{second[0].id}"')
    async with running(config, FakeNow()) as bot:
        assert (await set_up(bot, *first)).id != bot.group.id
        assert (await set_up(bot, *second)).id == bot.group.id


async def test_a_new_nostr_key_leaves_discord_channels_alone(
    tmp_path: Path, server: LocalDiscord, relay: str
) -> None:
    guild, channel = home(server)
    config = configured(tmp_path, server.token, relay)
    async with running(config, FakeNow()) as bot:
        await set_up(bot, guild, channel)
    other = load(
        tmp_path / "config.toml",
        {"NOSTR_NSEC": Signer(b"\x02" * 32).nsec, "DISCORD_TOKEN": server.token},
    )
    for _ in range(2):
        async with open_desk(other, FakeNow()) as desk:
            assert (await reasons(desk, desk.group))[Network.DISCORD] == ""


async def test_a_network_that_is_switched_off_gets_no_posts_until_it_is_on_again(
    tmp_path: Path, server: LocalDiscord, relay: str
) -> None:
    guild, channel = home(server)
    async with running(configured(tmp_path, server.token, relay), FakeNow()) as bot:
        await set_up(bot, guild, channel)
    off = configured(tmp_path, server.token, relay, "[discord]\nenabled = false")
    async with open_desk(off, FakeNow()) as desk:
        assert await reasons(desk, desk.group) == {
            Network.NOSTR: "",
            Network.DISCORD: SWITCHED_OFF,
        }
    async with open_desk(configured(tmp_path, server.token), FakeNow()) as desk:
        assert await reasons(desk, desk.group) == {
            Network.NOSTR: SWITCHED_OFF,
            Network.DISCORD: "",
        }
    async with open_desk(configured(tmp_path, "", relay), FakeNow()) as desk:
        assert set((await reasons(desk, desk.group)).values()) == {""}


async def test_a_start_tries_a_channel_again_that_failed(
    tmp_path: Path, server: LocalDiscord
) -> None:
    guild, channel = home(server)
    config = configured(tmp_path, server.token)
    async with open_desk(config, FakeNow()) as desk:
        group = await set_up(desk, guild, channel)
        address = channel_address(str(guild.id), str(channel.id))
        async with desk.store.transaction() as tx:
            await tx.groups.pause_destination(
                group.id, Network.DISCORD, address, "I may not post there", FakeNow()()
            )
    async with running(config, FakeNow()) as bot:
        assert (await reasons(bot, group))[Network.DISCORD] == ""


async def test_there_is_a_place_to_announce_where_either_network_has_one(
    tmp_path: Path, server: LocalDiscord
) -> None:
    config = configured(tmp_path, server.token)
    async with open_desk(config, FakeNow()) as desk:
        with pytest.raises(ConfigError, match="/setup"):
            await desk.require_destination()
        await set_up(desk, *home(server))
        await desk.require_destination()
    off = configured(tmp_path, server.token, more="[discord]\nenabled = false")
    async with open_desk(off, FakeNow()) as desk:
        with pytest.raises(ConfigError, match="nowhere to announce"):
            await desk.require_destination()


# What is wired


def test_every_extension_of_ours_is_loaded() -> None:
    assert set(EXTENSIONS) == set(extensions())


def test_a_person_is_shown_by_name_or_by_a_short_address() -> None:
    somebody = Author(Network.NOSTR, SIGNER.public_key)
    assert shown_name(replace(somebody, name="Alice")) == "Alice"
    assert shown_name(somebody) == f"{SIGNER.npub[:10]}…{SIGNER.npub[-4:]}"
    assert shown_name(Author(Network.DISCORD, "1234")) == "1234"
