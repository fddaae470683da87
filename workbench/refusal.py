"""What the launcher says when it cannot do what was asked: one clear line, and what to do."""


class Refusal(Exception):
    """Ends the command with its text as the one line on stderr and with exit code 1."""
