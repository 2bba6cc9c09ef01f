"""Character sets: what is declared counts, and two different texts never become one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.linkage.feed.decoding import CODECS, DecodingError, decode
from tests.hl7_messages import message, order, patient
from tests.unit.linkage.feed.hl7_v2.readings import held, only

UMLAUT = message(patient("Ü12"), order(), header={18: "{}"})


@pytest.mark.parametrize("name", sorted(CODECS))
def test_every_declared_character_set_is_read(name: str) -> None:
    assert decode("IDH1 R132H".encode(CODECS[name]), name) == "IDH1 R132H"


@pytest.mark.parametrize(
    ("name", "codec"), [("8859/1", "latin-1"), ("UNICODE UTF-8", "utf-8"), ("", "utf-8"), ("", "latin-1")]
)
def test_one_text_is_the_same_in_every_character_set(name: str, codec: str) -> None:
    assert only(UMLAUT.format(name).encode(codec)).patient_id == "Ü12"


@pytest.mark.parametrize(
    ("name", "codec"),
    [("ASCII", "latin-1"), ("8859/1", "utf-8"), ("UNICODE UTF-8", "latin-1"), ("", "cp850"), ("8859/1", "cp437"),
     ("KLINGON", "utf-8"), ("8859/99", "latin-1"), ("UNICODE", "utf-8")],
)  # fmt: skip
def test_text_in_another_character_set_than_declared_is_held(name: str, codec: str) -> None:
    assert held(UMLAUT.format(name).encode(codec)).code == "E_FEED_FORMAT"


@pytest.mark.parametrize("broken", ["\ufffd", "\x85", "\x00", "\x1b", "\ufeff"])
def test_a_broken_character_is_refused(broken: str) -> None:
    with pytest.raises(DecodingError):
        decode(f"00{broken}12".encode())


@given(st.binary(max_size=12), st.binary(max_size=12), st.sampled_from(("UTF-8", "8859/1", "8859/5", "8859/15")))
def test_two_identifiers_never_become_one(one: bytes, other: bytes, name: str) -> None:
    try:
        texts = decode(one, name), decode(other, name)
    except DecodingError:
        return
    assert (texts[0] == texts[1]) == (one == other)
