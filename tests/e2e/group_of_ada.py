"""One group and its command line for the tests of summaries: in this process, beside a server on
the same loop, or as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli import exit_code
from tests.adapters.made_pdfs import Pdf
from tests.e2e.processes import environment
from tests.model_answers import SAMPLE

KEY = "sk-test-abcdefghijklmnopqrstuvwxyz"
AHEAD = "2036-12-02 19:00"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        """The one line of a refusal, which never has the key in it."""
        assert self.code == 1, (self.out, self.err)
        assert self.err.count("\n") == 1, self.err
        assert KEY not in self.err + self.out
        return self.err


@dataclass
class Desk:
    """A folder with a configuration, in which commands are said."""

    folder: Path
    capsys: Any

    def configure(self, **summaries: object) -> None:
        """The bot's relay is never up; ``summaries`` are that table's keys."""
        lines = [f"{key} = {json.dumps(value)}" for key, value in summaries.items()]
        text = "\n".join(['[nostr]\nrelays = ["ws://127.0.0.1:9"]\n[summaries]', *lines])
        (self.folder / "config.toml").write_text(text + "\n", encoding="utf-8")

    async def __call__(self, *words: str) -> Done:
        """In this process, in a thread beside whatever else goes on."""
        self.capsys.readouterr()
        code = await asyncio.to_thread(exit_code, words)
        shown = self.capsys.readouterr()
        return Done(code, shown.out, shown.err)

    async def process(self, *words: str, key: str = KEY) -> Done:
        """As its own process, with that key in its environment."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**environment(), "OPENAI_API_KEY": key},
            cwd=self.folder,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    async def planned(self, *readings: str, title: str = "Relay night") -> str:
        """The slug of a new session with these readings."""
        sources = [word for reading in readings for word in ("--reading", reading)]
        words = ("session", "add", "--title", title, "--at", AHEAD, *sources)
        done = await self(*words, "--format", "json")
        assert done.code == 0, done.err
        slug: str = done.json["slug"]
        return slug


def sample_pdf() -> bytes:
    """The sample reading as a PDF of several pages, a section a page."""
    pdf = Pdf("The Case for the Small Relay", "Ada Marsh")
    for number, part in enumerate(SAMPLE.split("\n\n")):
        text = " ".join(part.lstrip("#").split())
        if part.startswith("#"):
            if number and part.startswith("## "):
                pdf.page()
            pdf.heading(text, 20 if not number else 15)
        else:
            pdf.paragraph(text)
    pdf.page()
    return pdf.done()
