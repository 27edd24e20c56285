"""The data folder of one installation: its lock, its key files and its secret.

What is in the data file is the store's business. Nothing here reads the configuration.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.domain.errors import ConfigError, ReadalongError
from bot.networks.nostr.keys import InvalidKeyError, Signer, read_key_file, write_key_file

_SECRET_BYTES = 32


class AlreadyRunningError(ReadalongError):
    """Another process runs on this data folder."""

    def __init__(self, pid: str) -> None:
        super().__init__(f"Readalong is already running on this data folder (pid {pid}).")


class DataFolder:
    """The paths in one data folder, and what is kept beside the data file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data_file = path / "readalong.sqlite"
        self.key_file = path / "nostr.key"
        self.member_key_file = path / "member.key"
        self._secret_file = path / "instance.secret"
        self._lock_file = path / "run.lock"

    def create(self) -> None:
        """Make the folder, for its owner only. Raises ConfigError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"data_dir: {self.path} can't be made ({error.strerror}).") from error
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise ConfigError(f"data_dir: {self.path} can't be written; give it to this user.")

    def signer(self, nsec: str | None) -> Signer | None:
        """The bot's key: ``nsec`` if there is one, else the key file's; None without either."""
        try:
            return Signer.from_text(nsec) if nsec else read_key_file(self.key_file)
        except FileNotFoundError:
            return None
        except InvalidKeyError as error:
            raise ConfigError(str(error)) from error
        except OSError as error:
            raise ConfigError(f"{self.key_file} can't be read ({error.strerror}).") from error

    def required_signer(self, nsec: str | None) -> Signer:
        """The same, but without a key there is no start. Raises ConfigError."""
        signer = self.signer(nsec)
        if signer is None:
            raise ConfigError(
                f"The bot has no Nostr key: run `readalong init`, which makes {self.key_file}, "
                "or set NOSTR_NSEC in the environment."
            )
        return signer

    def member_signer(self) -> Signer:
        """The key that `readalong say` speaks with, made when it is first needed."""
        return _read_or_make(self.member_key_file)

    def secret(self) -> bytes:
        """32 bytes that anonymous authors are hashed with; made once, kept for ever."""
        try:
            return self._read_secret()
        except FileNotFoundError:
            self._make_secret()
            return self._read_secret()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one running bot. Raises AlreadyRunningError.

        The kernel lets go of it when the process ends, however that happens.
        """
        with self._lock_file.open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise AlreadyRunningError(file.read(20).strip() or "unknown") from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield

    def running_pid(self) -> int | None:
        """The process that runs on this folder, if there is one."""
        try:
            with self.lock():
                return None
        except AlreadyRunningError:
            text = self._lock_file.read_text(encoding="ascii").strip()
            return int(text) if text.isdigit() else 0

    def _read_secret(self) -> bytes:
        try:
            secret = bytes.fromhex(self._secret_file.read_text(encoding="ascii"))
        except ValueError:
            secret = b""
        if len(secret) != _SECRET_BYTES:
            raise ConfigError(f"{self._secret_file} is damaged; restore it from a backup.")
        return secret

    def _make_secret(self) -> None:
        """Whole or not at all, and never over one that another process has just made."""
        temporary = self.path / f".instance.secret.{os.getpid()}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, self._secret_file)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()


def _read_or_make(path: Path) -> Signer:
    try:
        return read_key_file(path)
    except FileNotFoundError:
        signer = Signer.generate()
    except InvalidKeyError as error:
        raise ConfigError(str(error)) from error
    try:
        write_key_file(path, signer)
    except FileExistsError:
        return read_key_file(path)
    return signer
