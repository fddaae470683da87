"""One machine: the launcher behind the `coursemesh` command."""
