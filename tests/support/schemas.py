"""An empty PostgreSQL database in a millisecond: a schema of its own, since a new database takes half a second."""

import secrets

import psycopg

from workbench.infrastructure.server import Server


def fresh(server: Server) -> str:
    """The URL whose connections see nothing but the new schema."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    return f"{server}?options=-csearch_path%3D{name}"
