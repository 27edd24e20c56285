"""Who may do what in a group: whether a caller is one of its organisers.

What a network says of the caller is taken as it is. Nothing here knows what is asked for.
"""

from __future__ import annotations

from bot.domain.errors import NotPermittedError
from bot.domain.model import Caller, Group, Guild, Network
from bot.domain.ports import Rows
from bot.services.memory import Memory


async def is_organiser(rows: Rows, group: Group, caller: Caller) -> bool:
    """The operator always is. On Discord: in a guild of this group, whoever has its organiser role
    or may manage events there. Nobody else."""
    guild = await rows.groups.guild(caller.guild) if caller.guild else None
    return organises(caller, group.id, guild)


def organises(caller: Caller, group_id: int, guild: Guild | None) -> bool:
    """The rule of it; ``guild`` is the one that the caller calls from, where it is set up."""
    match caller.author.network:
        case Network.LOCAL:
            return True
        case Network.DISCORD:
            if guild is None or guild.group_id != group_id:
                return False
            has_role = guild.organiser_role != "" and guild.organiser_role in caller.roles
            return caller.manages_events or has_role
        case _:
            return False


async def known_organiser(memory: Memory, group_id: int, caller: Caller) -> bool:
    """The same, from memory where it can be."""
    if not caller.guild:
        return organises(caller, group_id, None)
    key = ("guild", caller.guild)
    guild = await memory.get(key, lambda view: view.groups.guild(caller.guild))
    return organises(caller, group_id, guild)


async def require_organiser(rows: Rows, group: Group, caller: Caller) -> None:
    """Raises NotPermittedError, which says what it takes."""
    if await is_organiser(rows, group, caller):
        return
    guild = await rows.groups.guild(caller.guild) if caller.guild else None
    if guild is None or guild.group_id != group.id:
        raise NotPermittedError(
            f"Only organisers of “{group.name}” may do that; ask one of them, on its own server."
        )
    role = "the group's organiser role or " if guild.organiser_role else ""
    raise NotPermittedError(
        f"Only organisers of “{group.name}” may do that; it takes {role}"
        "the permission Manage Events on this server."
    )
