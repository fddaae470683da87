"""Facts that were published once are read for ever."""

import json

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor

from tests.contract.described import facts
from tests.contract.golden import FOLDER, message_of


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: fact.full_name)
def test_golden_bytes_still_say_what_they_said(fact: Descriptor) -> None:
    message = message_of(fact)
    golden = (FOLDER / f"{fact.full_name}.binpb").read_bytes()
    message.ParseFromString(golden)
    told = json.loads((FOLDER / f"{fact.full_name}.json").read_text())
    assert json_format.MessageToDict(message) == told
    assert message.SerializeToString(deterministic=True) == golden


def test_no_golden_fact_was_taken_out_of_the_contracts() -> None:
    assert {path.stem for path in FOLDER.glob("*.binpb")} == {fact.full_name for fact in facts()}
