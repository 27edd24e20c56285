"""Making a data file ready, refusing what isn't one, and copying it."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from bot.domain.errors import ConfigError, StorageError, UserError
from bot.storage import backup, migrations, schema
from bot.storage.store import SqliteStore
from bot.storage.tables import metadata
from tests.fakes import FakeNow
from tests.rows import NOON

_OPEN_AND_WRITE = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.storage.store import SqliteStore

async def main():
    async with SqliteStore.open(Path(sys.argv[1]), lambda: datetime.now(UTC)) as store:
        async with store.transaction() as tx:
            await tx.cursors.move({sys.argv[2]: "1"}, datetime.now(UTC))
    print("alembic" in sys.modules)

asyncio.run(main())
"""

_FIRST_ROWS = """
INSERT INTO groups VALUES (1, 'atl', 'Atlanta', 'UTC', '[86400]');
INSERT INTO destinations VALUES (1, 1, 'nostr', 'b0', NULL, '');
INSERT INTO people VALUES
    (4, 1, 'nostr', 'aa', 'Ann', 'then', 'then'),
    (5, 1, 'nostr', 'bb', '', 'then', NULL);
INSERT INTO sessions VALUES (2, 1, 's', 'S', 'then', 'then', 'UTC', 7200, '', '', '[]', 'planned',
    1, NULL, NULL, 'then', 'then');
INSERT INTO questions VALUES
    (7, 1, 2, 1, 'Why?', 'nostr', 'q1', 4, 'hash', 'open', 'then', 'then'),
    (9, 1, 2, 2, 'How?', 'nostr', 'q2', NULL, 'hash', 'hidden', 'then', 'then');
INSERT INTO votes VALUES (7, 4, 'then'), (7, 5, 'then'), (9, 5, 'then');
INSERT INTO rsvps VALUES (2, 4, 'yes', 'then');
INSERT INTO seen VALUES ('nostr', 'q1', 'then');
INSERT INTO readings VALUES (3, 2, 0, 'R', 'https://example.com', ''), (4, 2, 1, 'T', '', 'Text.');
INSERT INTO summaries VALUES (5, 2, 'plain', 1, 1, 'then', 'B', 'L', '[]', 'imported', '', '', '',
    'approved');
INSERT INTO outbox VALUES (1, 'reply:nostr:q1', 1, 'nostr', 'b0', 'reply', 2, '{}', X'00', 'sent',
    1, 1, NULL, NULL, NULL, 'then', 'then', 'then', 'r1', '');
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "readalong.db"


def shape(path: Path) -> set[tuple[str, str, str]]:
    """Every table and index in SQLite's own words, whatever the order and the white space."""
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        return {(kind, name, " ".join(sorted(_words(sql)))) for kind, name, sql in rows}


def _words(sql: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s,\"]", sql)  # SQLite quotes the name of a table that was renamed


def make_first_file(path: Path) -> None:
    """A file as the first version wrote it, with a row in most of its tables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as file,
        closing(schema._core(file)) as core,
    ):
        with schema._exclusively(file):
            migrations.upgrade(core, "0001")
        file.executescript(_FIRST_ROWS)


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of every table."""
    with closing(sqlite3.connect(path)) as file:
        names = [row[0] for row in file.execute("SELECT name FROM pragma_table_list")]
        tables = [name for name in names if not name.startswith("sqlite_")]
        queries = {name: f"SELECT * FROM {name}" for name in tables}  # noqa: S608  # our own names
        return {name: sorted(file.execute(sql), key=repr) for name, sql in queries.items()}


def stamp(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE alembic_version SET version_num = ?", (revision,))


class TestPreparing:
    def test_a_fresh_file_is_for_its_owner_alone(self, path: Path) -> None:
        schema.prepare(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_every_table_is_strict(self, path: Path) -> None:
        schema.prepare(path)
        with closing(sqlite3.connect(path)) as file:
            listed = file.execute(
                "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"
            )
            strict = {name for name, is_strict in listed if is_strict}
        assert strict == set(metadata.tables)

    def test_the_steps_give_what_a_fresh_file_has(self, path: Path, tmp_path: Path) -> None:
        schema.prepare(path)
        stepped = tmp_path / "stepped.db"
        with (
            closing(sqlite3.connect(stepped, isolation_level=None)) as file,
            closing(schema._core(file)) as core,
            schema._exclusively(file),
        ):
            migrations.upgrade(core)
        assert shape(stepped) == shape(path)
        with closing(sqlite3.connect(stepped)) as file:
            found = file.execute("SELECT version_num FROM alembic_version").fetchall()
        assert found == [(schema.HEAD,)]

    def test_head_is_the_newest_step(self) -> None:
        assert migrations.heads() == (schema.HEAD,)

    def test_steps_fail_as_a_whole(self, tmp_path: Path) -> None:
        stepped = tmp_path / "stepped.db"
        with closing(sqlite3.connect(stepped, isolation_level=None)) as file:
            file.execute("CREATE TABLE votes (id INTEGER)")  # the last step's table is in the way
            core = schema._core(file)
            with pytest.raises(Exception, match="votes"), schema._exclusively(file):
                migrations.upgrade(core)
            core.close()
        assert {name for _, name, _ in shape(stepped)} == {"votes"}

    def test_an_older_file_is_brought_up_to_date(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        schema.prepare(path)
        monkeypatch.setattr(schema, "HEAD", "9999")  # as if this file's revision were an old one
        schema.prepare(path)
        assert len(shape(path)) > len(metadata.tables)

    def test_a_file_of_the_first_version_keeps_its_rows(self, path: Path, tmp_path: Path) -> None:
        make_first_file(path)
        before = rows_of(path)
        assert sum(map(len, before.values())) == 17, "there is something to lose"
        schema.prepare(path)
        schema.prepare(tmp_path / "fresh.db")
        assert shape(path) == shape(tmp_path / "fresh.db")
        after = rows_of(path)
        assert after["questions"] == [(*row, None) for row in before["questions"]]
        assert after["rsvps"] == [(*row, 0) for row in before["rsvps"]]
        assert after["groups"] == [(*row, None) for row in before["groups"]]
        hashes = ("", sha256(b"Text.").hexdigest())
        told = zip(before["readings"], hashes, strict=True)
        assert after["readings"] == [(*row, "", "", "[]", digest) for row, digest in told]
        assert after["summaries"] == [
            (*row, "[]", None, "", 0, "then") for row in before["summaries"]
        ]
        changed = {"questions", "rsvps", "groups", "readings", "summaries", "alembic_version"}
        kept = set(before) - changed
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
        assert after["alembic_version"] == [(schema.HEAD,)]

    def test_a_step_that_fails_leaves_an_older_file_as_it_was(self, path: Path) -> None:
        make_first_file(path)
        with closing(sqlite3.connect(path)) as file:
            file.execute("CREATE TABLE settings (id INTEGER)")  # the last table's name is taken
        before = rows_of(path), shape(path)
        with pytest.raises(ConfigError, match="could not be migrated"):
            schema.prepare(path)
        assert (rows_of(path), shape(path)) == before

    def test_a_file_of_a_newer_version_is_refused(self, path: Path) -> None:
        schema.prepare(path)
        stamp(path, "9999")
        before = path.read_bytes()
        with pytest.raises(ConfigError, match="newer Readalong"):
            schema.prepare(path)
        assert path.read_bytes() == before

    def test_a_file_that_is_not_sqlite_is_refused(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_text("Dear diary, " * 200)
        with pytest.raises(ConfigError, match="not a SQLite file"):
            schema.prepare(path)
        assert path.read_text().startswith("Dear diary")

    def test_a_file_of_another_program_is_refused(self, path: Path) -> None:
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as file:
            file.execute("CREATE TABLE bookmarks (url TEXT)")
        with pytest.raises(ConfigError, match="another program"):
            schema.prepare(path)
        assert {name for _, name, _ in shape(path)} == {"bookmarks"}

    def test_a_folder_in_place_of_the_file_is_refused(self, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(ConfigError, match="can't be opened"):
            schema.prepare(path)

    def test_a_file_in_place_of_the_folder_is_refused(self, path: Path) -> None:
        path.parent.write_text("not a folder")
        with pytest.raises(ConfigError, match="can't be made"):
            schema.prepare(path)

    def test_rows_left_without_what_they_belong_to_are_refused(self, path: Path) -> None:
        make_first_file(path)
        with closing(sqlite3.connect(path)) as file, file:
            file.execute("INSERT INTO votes VALUES (77, 7, 'then')")
        with pytest.raises(ConfigError, match="without what they belong to"):
            schema.prepare(path)

    def test_wal_waits_for_who_holds_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "readalong.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("CREATE TABLE t (x)")
            holder.execute("BEGIN EXCLUSIVE")
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as file:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    schema.use_wal(file, within=0.05)
                holder.execute("COMMIT")
                schema.use_wal(file, within=0.05)
                assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    @pytest.mark.slow
    async def test_processes_that_start_at_once_all_succeed(self, path: Path) -> None:
        starting = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                _OPEN_AND_WRITE,
                str(path),
                f"place {number}",
                stdout=subprocess.PIPE,
            )
            for number in range(4)
        ]
        said = [await process.communicate() for process in starting]
        assert [process.returncode for process in starting] == [0] * 4
        assert {out.strip() for out, _ in said} == {b"False"}, "nobody needed Alembic"
        async with SqliteStore.open(path, FakeNow(NOON)) as store, store.read() as view:
            assert len(await view.cursors.all()) == 4


class TestBackup:
    async def test_a_backup_is_whole_and_private(self, path: Path, tmp_path: Path) -> None:
        target = tmp_path / "copy.db"
        async with SqliteStore.open(path, FakeNow(NOON)) as store:
            async with store.transaction() as tx:
                await tx.cursors.move({"a": "1"}, NOON)
            async with store.transaction() as tx:
                await tx.cursors.move({"a": "2"}, NOON)
                await store.backup(target)
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert [name for name in os.listdir(tmp_path) if name != "data"] == ["copy.db"]
        assert shape(target) == shape(path)
        async with SqliteStore.open(target, FakeNow(NOON)) as copy, copy.read() as view:
            assert await view.cursors.all() == {"a": "1"}

    def test_an_existing_file_is_never_overwritten(self, path: Path, tmp_path: Path) -> None:
        schema.prepare(path)
        target = tmp_path / "copy.db"
        target.write_text("precious")
        with pytest.raises(UserError, match="exists already"):
            backup.copy(path, target)
        assert target.read_text() == "precious"

    def test_a_folder_that_is_missing_is_named(self, path: Path, tmp_path: Path) -> None:
        schema.prepare(path)
        with pytest.raises(UserError, match="can't be written"):
            backup.copy(path, tmp_path / "nowhere" / "copy.db")

    def test_a_failed_backup_leaves_nothing_behind(self, path: Path, tmp_path: Path) -> None:
        path.parent.mkdir()
        path.write_text("not a database, " * 100)
        with pytest.raises(StorageError, match="not a database"):
            backup.copy(path, tmp_path / "copy.db")
        assert [child.name for child in tmp_path.iterdir()] == ["data"]
