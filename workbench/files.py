"""Files that only their owner may read, written whole or not at all. The standard library only."""

import os
from pathlib import Path


def write_private(path: Path, text: str, *, durable: bool = True) -> None:
    """Replaces the file in one step, mode 0600: a reader sees the old text or the new one.

    Durable: it is on the disk when this returns. What tells of running processes need not be.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    fresh.replace(path)


def private_folder(path: Path) -> Path:
    """Makes the folder, mode 0700, and whatever is missing above it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def last_lines(path: Path, count: int, at_most: int = 256 * 1024) -> list[str]:
    """The file's last lines, reading no more than so many bytes of it; none when there is no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - at_most))
            text = file.read(at_most).decode(errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-count:] if count else []
