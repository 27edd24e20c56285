"""`readalong say`: speak to a running bot as a member on Nostr, and print its answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.frame import Command, config_path, load_config, run_async

if TYPE_CHECKING:
    from bot.config import Config
    from bot.instance import DataFolder

DEMO = Path("readalong-demo", "config.toml")
_WAIT = 10.0  # seconds


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  readalong say next
  readalong say summary plain
  readalong say "ask Who pays for the relays?"
  readalong say help --to npub1... --relay wss://relay.example
""",
)
@click.argument("text", nargs=-1, required=True)
@click.option("--relay", metavar="URL", help="Where to speak.  [default: the first configured]")
@click.option("--to", metavar="NPUB", help="Whom to speak to.  [default: the configured bot]")
def say(*, text: tuple[str, ...], relay: str | None, to: str | None) -> None:
    """Speak to a running bot as a member; print its answer.

    You speak with a key of your own, which is made in the data folder the first time. Where there
    is no config.toml but a demo in ./readalong-demo, you speak to the demo's bot.
    """
    from bot.cli.show import say_prose
    from bot.instance import DataFolder

    config = _config()
    folder = DataFolder(config.data_dir)
    folder.create()
    bot = _bot(config, folder, to)
    url = relay or next(iter(config.nostr.relays), "")
    if not url.startswith(("ws://", "wss://")):
        raise click.UsageError("--relay needs an address that starts with wss:// or ws://.")
    say_prose(run_async(lambda: _ask(folder, bot, url, " ".join(text))))


def _config() -> Config:
    from bot.config import DEFAULT_PATH, load

    if config_path() is None and not DEFAULT_PATH.exists() and DEMO.exists():
        return load(DEMO, {})
    return load_config()


def _bot(config: Config, folder: DataFolder, to: str | None) -> str:
    """Whom to speak to, in hex."""
    from bot.networks.nostr.keys import InvalidKeyError, public_key_from_text

    if to is None:
        nsec = config.nostr_nsec.get_secret_value() if config.nostr_nsec else None
        return folder.required_signer(nsec).public_key
    try:
        return public_key_from_text(to)
    except InvalidKeyError as error:
        raise click.UsageError(f"--to: {error}") from error


async def _ask(folder: DataFolder, bot: str, url: str, text: str) -> str:
    """The bot's answer to ``text``. Raises UserError when there is none."""
    from bot.domain.errors import UserError
    from bot.networks.nostr.member import MemberError, joined

    try:
        async with joined(folder.member_signer(), url) as member:
            await member.follow("answers", {"authors": [bot], "kinds": [1, 1111], "limit": 50})
            asked = await member.mention(bot, text)
            answer = await member.reply_to(asked, bot, _WAIT)
    except MemberError as error:
        raise UserError(str(error)) from error
    if answer is None:
        raise UserError(
            f"No answer within {_WAIT:.0f} s: is the bot running (`readalong run`) and on {url}? "
            "Thanks and chatter get none."
        )
    return answer.content
