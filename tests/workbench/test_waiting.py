"""A start that does not get healthy says who is to blame."""

from pathlib import Path

import pytest

from workbench import state
from workbench.place import Place
from workbench.plan import Plan
from workbench.progress import PlainProgress
from workbench.refusal import Refusal
from workbench.state import State
from workbench.waiting import Wait

from .conftest import program


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "data")
    assert made.lock() is not None, "held, as by a supervisor"
    made.make()
    made.log("slow").write_text("waiting for the moon\n")
    state.write(made.state, State(pid=1, since=None, control=""))
    return made


def test_the_unhealthy_one_is_named_with_its_last_words(place: Place) -> None:
    plan = Plan([], [program("slow", "", port=9, speaks="grpc", address="127.0.0.1:9")])
    with pytest.raises(
        Refusal, match=r"^slow is not healthy after 0\.2 s; the end of .*slow\.log:\n  waiting for the moon$"
    ):
        Wait(place, plan, PlainProgress()).until_healthy(0.2)


def test_infrastructure_that_never_accepts_is_named_first(place: Place) -> None:
    plan = Plan([program("broker", "")], [program("slow", "", port=9, speaks="grpc", address="127.0.0.1:9")])
    with pytest.raises(Refusal, match=r"^broker is not healthy"):
        Wait(place, plan, PlainProgress()).until_healthy(0.2)
