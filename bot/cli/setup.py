"""`readalong init`: a configuration to edit and a key for the bot."""

from __future__ import annotations

import json
import os
import re
from importlib.resources import files
from pathlib import Path

import click

from bot.cli.show import say
from bot.domain.errors import ConfigError, UserError


def set_up(
    folder: Path, *, name: str | None, timezone: str | None, relays: tuple[str, ...]
) -> None:
    """Write config.toml and make the key in its data folder. Raises UserError if both exist."""
    from bot.config import load
    from bot.instance import DataFolder
    from bot.networks.nostr.keys import Signer, write_key_file

    path = folder / "config.toml"
    is_new = not path.exists()
    if is_new:
        folder.mkdir(parents=True, exist_ok=True)
        _write(path, _filled_in(_example(), name, timezone, relays))
    elif name or timezone or relays:
        raise UserError(f"{path} exists already; edit it, or give --dir another folder.")
    config = load(path, os.environ)
    data = DataFolder(config.data_dir)
    data.create()
    signer = data.signer(config.nostr_nsec.get_secret_value() if config.nostr_nsec else None)
    if signer is not None and not is_new:
        raise UserError(
            f"{path} and the bot's key exist already; nothing was changed. "
            "`readalong check` shows who the bot is, and the link that invites it to Discord."
        )
    made_key = signer is None
    if signer is None:
        signer = Signer.generate()
        write_key_file(data.key_file, signer)
    if is_new:
        say(f"Wrote {path}.")
    if made_key:
        say(f"Made the bot's Nostr key, {data.key_file}. Keep a copy of it, and show it to nobody.")
    say(f"The bot is {signer.npub}")
    _say_invite(config.token)
    given = {"the group's name": name, "its time zone": timezone, "the relays": relays}
    _say_next(
        path, [what for what, is_given in given.items() if not is_given], config.token is not None
    )


def _say_invite(token: str | None) -> None:
    """How the bot comes onto a Discord server."""
    if token is None:
        say(
            "For Discord too: make an application at https://discord.com/developers/applications, "
            "put its\ntoken (under Bot) into DISCORD_TOKEN in the environment, and "
            "`readalong check` shows the link that invites the bot."
        )
        return
    from bot.networks.discord.connection import application_id
    from bot.networks.discord.permissions import invite_url

    known = application_id(token)
    if known is None:
        say("DISCORD_TOKEN doesn't say whose it is; `readalong check` asks Discord for the link.")
    else:
        say(f"Invite it to your Discord server: {invite_url(known)}")


def _say_next(path: Path, left: list[str], on_discord: bool) -> None:
    """``left``: what `init` wasn't told."""
    option = "" if path == Path("config.toml") else f" --config {path}"
    plan = f'readalong session add{option} --title "..." --at "2026-12-02 19:00" --announce'
    say("Summaries quote the reading, without AI; [summaries] in the configuration names a model.")
    say("\nNext:")
    say(f"  1. edit {path}: {', '.join(left) or 'whatever else is to be otherwise'}")
    say(f"  2. readalong check{option}")
    say(f"  3. readalong run{option}")
    if on_discord:
        say("  4. on your Discord server: /setup in the channel for announcements, /session add")
    else:
        say(f"  4. {plan}")


def _example() -> str:
    """The commented example; a copy of it is part of the installed package."""
    beside = Path(__file__).parents[2] / "config.example.toml"
    if beside.exists():
        return beside.read_text(encoding="utf-8")
    return (files("bot") / "config.example.toml").read_text(encoding="utf-8")


def _filled_in(text: str, name: str | None, timezone: str | None, relays: tuple[str, ...]) -> str:
    """The example with the answers in place of its defaults. Raises ConfigError for a bad one."""
    from bot.domain.text import slug_of

    values: dict[str, object] = {}
    if name:
        values["name"] = name
        if any(char.isascii() and char.isalnum() for char in name):
            values["slug"] = slug_of(name)[:40].strip("-")
    if timezone:
        values["timezone"] = timezone
    if relays:
        values["relays"] = list(relays)
    for key, value in values.items():
        text = re.sub(
            rf"^{key} = (?:\".*?\"|\[.*?\])(?P<room> *)",
            lambda found, key=key, value=value: _line(key, value, found["room"]),  # type: ignore[misc]
            text,
            count=1,
            flags=re.MULTILINE,
        )
    _check(text)
    return text


def _line(key: str, value: object, room: str) -> str:
    """The key with its value, up to the column where the comment stands, if there is one."""
    text = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    return f"{text:38} " if room else text


def _check(text: str) -> None:
    """What was given on the command line is checked before anything is written."""
    import tempfile

    from bot.config import load

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        _write(path, text)
        try:
            load(path, {})
        except ConfigError as error:
            raise click.UsageError("\n".join(error.problems)) from error


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
