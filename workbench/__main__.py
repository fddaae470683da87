"""The `coursemesh` command."""

import importlib
import signal
import sys

import click

from workbench.attend import Interrupted
from workbench.refusal import Refusal

COMMANDS = ("up", "down", "status", "logs", "restart", "demo", "events", "mail", "test", "generate", "check")


class Commands(click.Group):
    """Loads a command's module when it is called, so that the others cost nothing."""

    def list_commands(self, context: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        found: click.Command = getattr(importlib.import_module(f"workbench.commands.{name}"), name)
        return found


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def coursemesh() -> None:
    """Coursemesh on one machine."""


def main() -> None:
    try:
        coursemesh(prog_name="coursemesh")
    except Refusal as refusal:
        print(f"coursemesh: {refusal}", file=sys.stderr)
        sys.exit(1)
    except Interrupted as interrupted:
        print("stopped", file=sys.stderr)
        sys.exit(128 + int(interrupted.args[0]))
    except BrokenPipeError:
        # Whoever read our output wanted no more of it.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        sys.exit(0)


if __name__ == "__main__":
    main()
