"""Becomes another program that dies with its parent and, if asked, is not root.

Run as `python -I -S confine.py PARENT_PID DEATH_SIGNAL USER -- PROGRAM [ARG...]`.

A program of its own rather than a hook between fork and exec, so that whoever starts it may have threads. The standard
library only: it runs before everything that is started. USER "-" stays who we are.
"""

import ctypes
import os
import pwd
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_READ = 23
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2


def main(argv: list[str]) -> None:
    parent, signal, user = int(argv[0]), int(argv[1]), argv[2]
    program = argv[4:]
    if user != "-":
        _become(user)
    # After the change of user, which clears the death signal.
    _die_with(parent, signal)
    try:
        os.execvp(program[0], program)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{program[0]} cannot be run: {error.strerror}")


def _die_with(parent: int, signal: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    _libc().prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0)
    # The parent may have died before the line above.
    if os.getppid() != parent:
        sys.exit(1)


def _become(name: str) -> None:
    """Changes to the user for good, keeping of root's powers only the one to read where root could."""
    libc, user, power = _libc(), pwd.getpwnam(name), _power_to_read()
    libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    if power is not None:
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        powers = (ctypes.c_uint32 * 6)(*(1 << power,) * 3, 0, 0, 0)
        libc.capset(header, powers)
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, power, 0, 0)


def _power_to_read() -> int | None:
    """The data directory and the virtual environment may lie under /root, where no other user may look."""
    for power in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if _libc().prctl(_PR_CAPBSET_READ, power, 0, 0, 0) == 1:
            return power
    return None


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    main(sys.argv[1:])
