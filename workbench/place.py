"""The data directory: where everything of one system lies. The standard library only."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from workbench.files import private_folder
from workbench.refusal import Refusal

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ROOT / ".coursemesh"


@dataclass(frozen=True)
class Place:
    data: Path

    @property
    def secrets(self) -> Path:
        return self.data / "secrets.json"

    @property
    def admin_password(self) -> Path:
        return self.data / "admin-password"

    @property
    def stores(self) -> Path:
        """Says which kind of stores this directory was begun with."""
        return self.data / "stores"

    @property
    def filled(self) -> Path:
        """Is there once the catalog of a first start is complete, or was declined."""
        return self.data / "filled"

    @property
    def sql(self) -> Path:
        return self.data / "sql"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def plan(self) -> Path:
        return self.run / "plan.json"

    @property
    def state(self) -> Path:
        return self.run / "state.json"

    def log(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    def infrastructure(self, name: str) -> Path:
        return self.data / name

    def make(self) -> None:
        for folder in (self.data, self.run, self.data / "logs", self.sql):
            private_folder(folder)

    def clear(self) -> None:
        """Removes what a system keeps here, and nothing that somebody else put beside it."""
        for name in ("run", "logs", "sql", "nats", "documents", "postgres", "mail", "search"):
            shutil.rmtree(self.data / name, ignore_errors=True)
        for file in (self.secrets, self.admin_password, self.stores, self.filled):
            file.unlink(missing_ok=True)

    def lock(self) -> int | None:
        """An open file that holds this directory for whoever has it; None when a system holds it already.

        The kernel lets go of it when its last holder is gone, however that ended.
        """
        self._take_over()
        descriptor = os.open(self.data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _take_over(self) -> None:
        """Makes the directory, or refuses one that holds somebody else's files: it is ours to close and to clear."""
        if self.data.is_dir() and not (self.data / "lock").exists() and any(self.data.iterdir()):
            raise Refusal(f"{self.data} holds other files and no Coursemesh data: choose another --data")
        private_folder(self.data)

    def is_held(self) -> bool:
        if not (self.data / "lock").exists():
            return False
        descriptor = self.lock()
        if descriptor is None:
            return True
        os.close(descriptor)
        return False
