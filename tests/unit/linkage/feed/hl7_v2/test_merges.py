"""Merges of patients and their reversal: every prior identifier of every pair."""

import pytest

from idh_tasks.errors import FileHeldError
from tests.hl7_messages import message
from tests.unit.linkage.feed.hl7_v2.readings import read

A40, A37 = {9: "ADT^A40^ADT_A39"}, {9: "ADT^A37"}


def merges(*segments: str, kind: dict[int, str] = A40, authorities: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """Return issuer, prior and surviving identifier of every merge of a message."""
    content = read(message("EVN|A40", *segments, header=kind), authorities)
    return [(merge.issuer, merge.prior_id, merge.surviving_id) for merge in content.merges]


def test_every_prior_identifier_of_every_pair_is_merged() -> None:
    pairs = ("PID|||1^^^H^MR", "PD1|x", "MRG|2^^^H^MR~3^^^H^MR", "PID|||4^^^H^MR", "MRG|5^^^H^MR", "PV1|1")
    assert merges(*pairs) == [("H", "2", "1"), ("H", "3", "1"), ("H", "5", "4")]


def test_identifiers_of_other_types_are_passed_over() -> None:
    assert merges("PID|||1^^^H^MR~9^^^U^SS", "MRG|8^^^U^SS~2^^^H^MR^^^20200101") == [("H", "2", "1")]


def test_each_prior_identifier_survives_under_its_own_issuer() -> None:
    pair = ("PID|||A1^^^HA^MR~B1^^^HB^MR", "MRG|A2^^^HA^MR~B2^^^HB^MR")
    assert merges(*pair) == [("HA", "A2", "A1"), ("HB", "B2", "B1")]
    assert merges(*pair, authorities=("HB",)) == [("HB", "B2", "B1")]


def test_an_unlink_separates_the_second_patient_from_the_first() -> None:
    content = read(message("PID|||1^^^H^MR", "PID|||2^^^H^MR", header=A37))
    assert [(m.prior_id, m.surviving_id, m.undone) for m in content.merges] == [("2", "1", True)]


@pytest.mark.parametrize(
    ("segments", "kind", "code"),
    [(("PID|||1^^^H^MR", "MRG|2^^^X^MR"), A40, "E_ISSUER"),
     (("PID|||1^^^H^MR", "MRG|2^^^H^MR~3^^^X^MR"), A40, "E_ISSUER"),
     (("PID|||1^^^H^MR~7^^^H^MR", "MRG|2^^^H^MR"), A40, "E_ISSUER"), (("PID|||1", "MRG|2"), A40, "E_ISSUER"),
     (("PID|||1^^^U^SS", "MRG|2^^^U^SS"), A40, "E_ISSUER"), (("PID|||1^^^H^MR",), A40, "E_FEED_FORMAT"),
     (("MRG|2^^^H^MR", "PID|||1^^^H^MR"), A40, "E_FEED_FORMAT"), (("PID|||1^^^H^MR",), A37, "E_FEED_FORMAT"),
     (("PID|||1^^^H^MR", "MRG|2^^^H^MR", "MRG|3^^^H^MR"), A40, "E_FEED_FORMAT"), ((), A40, "E_FEED_FORMAT"),
     (("PID|||1^^^H^MR", "MRG|2^^^H^MR"), {**A40, 7: "2018"}, "E_FEED_FORMAT"),
     (("PID|||1.2E+5^^^H^MR", "MRG|2^^^H^MR"), A40, "E_ISSUER"),
     (("PID|||1^^^H^MR", "MRG|4711.0^^^H^MR"), A40, "E_ISSUER")],
)  # fmt: skip
def test_a_merge_that_is_not_clear_holds_the_file(segments: tuple[str, ...], kind: dict[int, str], code: str) -> None:
    with pytest.raises(FileHeldError, match=code):
        merges(*segments, kind=kind)
