"""Ports are looked at before anything is started."""

import socket

import pytest

from workbench import ports
from workbench.refusal import Refusal


def test_a_listener_makes_its_port_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port = other.getsockname()[1]
        assert not ports.is_free(port)
        with pytest.raises(Refusal, match=rf"^port {port} \(gateway\) is taken by another program: stop it, or use"):
            ports.check({"gateway": port})


def test_one_that_listens_everywhere_takes_it_here_too() -> None:
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))  # noqa: S104 - what somebody else's program may do
        other.listen(1)
        assert not ports.is_free(other.getsockname()[1])


def test_chosen_ports_are_free_and_differ() -> None:
    chosen: set[int] = set()
    for _ in range(20):
        chosen.add(ports.free(chosen))
    assert len(chosen) == 20
    assert all(ports.is_free(port) for port in chosen)
