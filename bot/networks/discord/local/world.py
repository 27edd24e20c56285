"""The state of the small Discord, and everything that changes it: each change tells the gateway.

It checks no permission and no limit; ``routes`` does that for the bot, ``members`` for people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.domain.ports import Now
from bot.networks.discord.local import payloads, permissions
from bot.networks.discord.local.changes import Changes
from bot.networks.discord.local.model import (
    Channel,
    ChannelKind,
    Command,
    Event,
    Guild,
    Json,
    Member,
    Message,
    MessageFlag,
    Overwrite,
    Role,
    ThreadState,
    User,
)
from bot.networks.discord.local.permissions import Permission
from bot.networks.discord.local.snowflakes import Snowflakes

Telling = Callable[[str, Json, Guild | None], None]
"""An event's name, what it says, and the guild it is of (None: it goes to shard 0)."""


class World:
    """``bot`` is the bot's user; its id is the application's too, as for every newer bot."""

    def __init__(self, now: Now, bot_name: str = "Readalong") -> None:
        self.now = now
        self.ids = Snowflakes(now)
        self.changes = Changes()
        self.tell: list[Telling] = []
        self.bot = User(self.ids.next(), bot_name, bot=True)
        self.owner = User(self.ids.next(), "Owner")
        self.users: dict[int, User] = {self.bot.id: self.bot, self.owner.id: self.owner}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        """Every channel by id: of guilds, threads, direct messages."""
        self.commands: dict[int, Command] = {}

    def emit(self, event: str, said: Json, guild: Guild | None) -> None:
        for tell in self.tell:
            tell(event, said, guild)
        self.changes.notify()

    # Guilds

    def add_guild(
        self, name: str, *, bot: int = permissions.BOT, everyone: int = permissions.MEMBER
    ) -> Guild:
        """A guild with the bot in it and no channel yet.

        ``bot``: what the bot's own role gives; ``everyone``: what everybody's does.
        """
        guild_id, at = self.ids.next_millisecond(), self.now()
        own = Role(self.ids.next(), self.bot.name, bot, managed=True)
        roles = {guild_id: Role(guild_id, "@everyone", everyone), own.id: own}
        guild = Guild(guild_id, name, self.owner.id, at, own, roles)
        guild.members = {
            self.bot.id: Member(self.bot, at, [own.id]),
            self.owner.id: Member(self.owner, at),
        }
        self.guilds[guild_id] = guild
        self.emit("GUILD_CREATE", payloads.guild_create(guild, self.bot.id), guild)
        return guild

    def remove_guild(self, guild: Guild) -> None:
        """The bot is put out of it."""
        del self.guilds[guild.id]
        for channel in (*guild.channels.values(), *guild.threads.values()):
            self.channels.pop(channel.id, None)
        self.emit("GUILD_DELETE", {"id": str(guild.id)}, guild)

    def add_role(self, guild: Guild, name: str, gives: int = 0) -> Role:
        role = Role(self.ids.next(), name, gives)
        guild.roles[role.id] = role
        said = {"guild_id": str(guild.id), "role": payloads.role(role)}
        self.emit("GUILD_ROLE_CREATE", said, guild)
        return role

    def set_permissions(self, guild: Guild, role: Role, gives: int) -> None:
        role.permissions = gives
        said = {"guild_id": str(guild.id), "role": payloads.role(role)}
        self.emit("GUILD_ROLE_UPDATE", said, guild)

    def add_member(self, guild: Guild, user: User, roles: Sequence[Role] = ()) -> Member:
        self.users[user.id] = user
        member = Member(user, self.now(), [role.id for role in roles])
        guild.members[user.id] = member
        said = {**payloads.member(member), "guild_id": str(guild.id)}
        self.emit("GUILD_MEMBER_ADD", said, guild)
        return member

    def remove_member(self, guild: Guild, user: User) -> None:
        guild.members.pop(user.id, None)
        said = {"guild_id": str(guild.id), "user": payloads.user(user)}
        self.emit("GUILD_MEMBER_REMOVE", said, guild)

    def give_roles(self, guild: Guild, member: Member, roles: Sequence[Role]) -> None:
        """These and no other."""
        member.roles = [role.id for role in roles]
        said = {**payloads.member(member), "guild_id": str(guild.id)}
        self.emit("GUILD_MEMBER_UPDATE", said, guild)

    # Channels

    def add_channel(self, guild: Guild, name: str, kind: ChannelKind = ChannelKind.TEXT) -> Channel:
        channel = Channel(self.ids.next(), kind, name, guild)
        guild.channels[channel.id] = self.channels[channel.id] = channel
        self.emit("CHANNEL_CREATE", payloads.channel(channel), guild)
        return channel

    def remove_channel(self, channel: Channel) -> None:
        self.channels.pop(channel.id, None)
        guild = channel.guild
        if guild is None:
            return
        said = payloads.channel(channel)
        if channel.thread is not None:
            guild.threads.pop(channel.id, None)
            self.emit("THREAD_DELETE", said, guild)
            return
        guild.channels.pop(channel.id, None)
        for thread in [each for each in guild.threads.values() if each.parent is channel]:
            del guild.threads[thread.id]
            self.channels.pop(thread.id, None)
        self.emit("CHANNEL_DELETE", said, guild)

    def deny(self, channel: Channel, target: Role | Member, taken: int) -> None:
        """Take permissions in one channel from a role or a member (the bot:
        ``guild.members[bot.id]``).
        """
        overwrite = channel.overwrites.setdefault(target.id, Overwrite(isinstance(target, Member)))
        overwrite.deny |= taken
        overwrite.allow &= ~taken
        self.emit("CHANNEL_UPDATE", payloads.channel(channel), channel.guild)

    def allow(self, channel: Channel, target: Role | Member, given: int) -> None:
        overwrite = channel.overwrites.setdefault(target.id, Overwrite(isinstance(target, Member)))
        overwrite.allow |= given
        overwrite.deny &= ~given
        self.emit("CHANNEL_UPDATE", payloads.channel(channel), channel.guild)

    def direct(self, user: User) -> Channel:
        """The direct messages between the bot and this person; opened when there are none yet."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(self.ids.next(), ChannelKind.DM, user.name, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def add_thread(self, parent: Channel, name: str, owner_id: int, thread_id: int = 0) -> Channel:
        """A public thread; with ``thread_id`` that of the message it starts from."""
        at = self.now()
        state = ThreadState(owner_id, at, members={owner_id: at})
        thread = Channel(
            thread_id or self.ids.next(), ChannelKind.PUBLIC_THREAD, name, parent.guild, parent
        )
        thread.thread = state
        self.channels[thread.id] = thread
        if parent.guild is not None:
            parent.guild.threads[thread.id] = thread
        said = {**payloads.thread(thread), "newly_created": True}
        self.emit("THREAD_CREATE", said, parent.guild)
        if started := parent.messages.get(thread.id):
            started.flags |= MessageFlag.HAS_THREAD
            self.emit("MESSAGE_UPDATE", self.message(started), parent.guild)
        return thread

    # Messages

    def message(self, message: Message) -> Json:
        """As the gateway words it."""
        said = payloads.message(message, self.bot.id)
        guild = message.channel.guild
        if guild is not None:
            said["guild_id"] = str(guild.id)
            if author := guild.members.get(message.author.id):
                said["member"] = payloads.member(author)
        said["mentions"] = [payloads.user(self.users[each]) for each in message.mentions]
        return said

    def post(self, message: Message) -> Message:
        """Let a message stand in its channel for everybody."""
        message.channel.messages[message.id] = message
        self.emit("MESSAGE_CREATE", self.message(message), message.channel.guild)
        return message

    def edited(self, message: Message, at: datetime) -> None:
        """After a message's fields were changed."""
        message.edited.append(at)
        if message.ephemeral:
            self.changes.notify()
        else:
            self.emit("MESSAGE_UPDATE", self.message(message), message.channel.guild)

    def delete(self, message: Message) -> None:
        message.deleted = True
        message.channel.messages.pop(message.id, None)
        if message.ephemeral:
            self.changes.notify()
            return
        said = {"id": str(message.id), "channel_id": str(message.channel.id)}
        guild = message.channel.guild
        if guild is not None:
            said["guild_id"] = str(guild.id)
        self.emit("MESSAGE_DELETE", said, guild)

    # Scheduled events

    def event_changed(self, event: Event, what: str) -> None:
        """``what``: CREATE, UPDATE or DELETE."""
        self.emit(f"GUILD_SCHEDULED_EVENT_{what}", payloads.event(event), event.guild)

    def remove_event(self, event: Event) -> None:
        """Somebody deletes it by hand."""
        del event.guild.events[event.id]
        self.event_changed(event, "DELETE")

    def interest(self, event: Event, user: User, *, interested: bool) -> None:
        if interested:
            event.interested[user.id] = None
        else:
            event.interested.pop(user.id, None)
        said = {
            "guild_scheduled_event_id": str(event.id),
            "user_id": str(user.id),
            "guild_id": str(event.guild.id),
        }
        what = "ADD" if interested else "REMOVE"
        self.emit(f"GUILD_SCHEDULED_EVENT_USER_{what}", said, event.guild)

    def bot_may(self, channel: Channel, needed: Permission) -> bool:
        return permissions.may(channel, self.bot.id, needed)
