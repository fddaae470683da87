"""The user service: accounts, roles, sessions and the keys that sign tokens."""
