"""The invite link asks for what the bot uses, and for nothing else."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import discord

from bot.networks.discord.permissions import PURPOSES, invite_url, needed


def test_each_permission_is_discords_and_has_a_purpose() -> None:
    assert all(getattr(needed(), name) for name in PURPOSES)
    assert needed().value.bit_count() == len(PURPOSES)
    assert all(PURPOSES.values())


def test_it_may_not_manage_anything() -> None:
    granted = [name for name, given in needed() if given]
    assert not [name for name in granted if name.startswith(("manage_", "mention_", "kick", "ban"))]
    assert not needed().administrator


def test_the_link_has_the_permissions_and_both_scopes() -> None:
    query = parse_qs(urlsplit(invite_url("123")).query)
    assert query["client_id"] == ["123"]
    assert discord.Permissions(int(query["permissions"][0])) == needed()
    assert set(query["scope"][0].split()) == {"bot", "applications.commands"}
