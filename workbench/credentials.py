"""The passwords of one data directory: random, made once, kept in files that only their owner may read."""

import json
import secrets
from collections.abc import Iterable

from workbench.files import write_private
from workbench.place import Place

ADMIN_EMAIL = "admin@coursemesh.example"
ADMIN = "admin"
NATS = "nats"
# Of the instructors and learners of the first catalog; each one's own is derived from it.
CAST = "cast"


def ensure(place: Place, names: Iterable[str]) -> dict[str, str]:
    """The password of each name, made where there was none."""
    known = read(place)
    missing = {name: secrets.token_urlsafe(18) for name in names if name not in known}
    if missing:
        known |= missing
        write_private(place.secrets, json.dumps(known, indent=1))
    # The user service is handed a file, so that the password stands in no process's environment.
    if ADMIN in known and not place.admin_password.exists():
        write_private(place.admin_password, known[ADMIN])
    return known


def read(place: Place) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(place.secrets.read_text())
    except FileNotFoundError:
        return {}
    return found
