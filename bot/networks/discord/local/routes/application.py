"""The bot itself: its user, its application, the gateway's address, its guilds, direct messages."""

from __future__ import annotations

from bot.networks.discord.local import payloads
from bot.networks.discord.local.api import Api, Call, Reply, Routes
from bot.networks.discord.local.errors import refused
from bot.networks.discord.local.model import Json

_VERIFY_KEY = "0" * 64


def _me(api: Api, call: Call) -> Reply:
    return {
        **payloads.user(api.world.bot),
        "verified": True,
        "mfa_enabled": True,
        "locale": "en-US",
        "flags": 0,
    }


def _application(api: Api, call: Call) -> Reply:
    return {
        "id": str(api.world.bot.id),
        "name": api.world.bot.name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": _VERIFY_KEY,
        "flags": 0,
        "owner": payloads.user(api.world.owner),
        "team": None,
        "approximate_guild_count": len(api.world.guilds),
        "install_params": None,
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
    }


def _gateway(api: Api, call: Call) -> Reply:
    return {"url": api.gateway_url}


def _gateway_bot(api: Api, call: Call) -> Reply:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
    return {"url": api.gateway_url, "shards": api.shards, "session_start_limit": limit}


def _guilds(api: Api, call: Call) -> Reply:
    return [_partial(payloads.guild(guild)) for guild in api.world.guilds.values()]


def _partial(guild: Json) -> Json:
    kept = {key: guild[key] for key in ("id", "name", "icon", "features")}
    return {**kept, "owner": False, "permissions": "0"}


def _user(api: Api, call: Call) -> Reply:
    user = api.world.users.get(call.ids["user_id"])
    if user is None:
        raise refused(10013)
    return payloads.user(user)


def _open_direct(api: Api, call: Call) -> Reply:
    user = api.world.users.get(int(call.fields.get("recipient_id", 0)))
    if user is None:
        raise refused(10013)
    if user.bot:
        raise refused(50007)
    return payloads.channel(api.world.direct(user))


ROUTES: Routes = {
    ("GET", "/users/@me"): _me,
    ("GET", "/users/{user_id}"): _user,
    ("GET", "/users/@me/guilds"): _guilds,
    ("POST", "/users/@me/channels"): _open_direct,
    ("GET", "/applications/@me"): _application,
    ("GET", "/oauth2/applications/@me"): _application,
    ("GET", "/gateway"): _gateway,
    ("GET", "/gateway/bot"): _gateway_bot,
}
