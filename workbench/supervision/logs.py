"""Log files with a bound: what a program writes is appended, and past the bound moves to one older file."""

import os
from pathlib import Path
from typing import BinaryIO

BOUND = 10 * 1024 * 1024
_CHUNK = 1024 * 1024


def open_log(path: Path) -> BinaryIO:
    """For appending only: after the file is cut short, what is written next lands at its new end."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)


def keep_within(path: Path, bound: int = BOUND) -> bool:
    """Moves the newest part of a log that outgrew the bound to `.1`; says whether it did.

    The program keeps its open file, so the content is copied and the file cut. A line written between the two is lost,
    which a log can bear and a program stopped on a full disk cannot.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    if size <= bound:
        return False
    with path.open("rb") as log, open_older(path.with_name(f"{path.name}.1")) as older:
        log.seek(size - bound)
        left = bound
        while left and (part := log.read(min(_CHUNK, left))):
            older.write(part)
            left -= len(part)
    os.truncate(path, 0)
    return True


def open_older(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
