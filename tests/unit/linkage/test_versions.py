"""Which version of a report counts follows from the versions alone; what they do not decide is asked."""

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.pathology import AssayMethod, IdhStatus, ReportStatus, StatusDecision
from idh_tasks.domain.study import PatientKey
from idh_tasks.linkage.idh_rules import evidence_strength
from idh_tasks.linkage.versions import Reading, is_correction, is_newer, standing, time_digits

MUTANT, WILDTYPE, OPEN = IdhStatus.MUTANT, IdhStatus.WILDTYPE, IdhStatus.INDETERMINATE
FINAL, PRELIMINARY, CANCELLED = ReportStatus.FINAL, ReportStatus.PRELIMINARY, ReportStatus.CANCELLED
NOW = datetime(2020, 1, 1, tzinfo=UTC)
IHC, SEQUENCING = 1, 2


def reading(number: int, label: IdhStatus = WILDTYPE, **changes: Any) -> Reading:
    """Return a final reading from a table, with strong evidence, whose version is its number."""
    values: dict[str, Any] = {
        "version": number, "channels": frozenset({"table"}), "report_status": FINAL, "corrected": False,
        "revision": None, "source": f"words {number}", "received_at": NOW, "patient_key": PatientKey("p"),
        "glioblastoma": True, "evidence": SEQUENCING,
    }  # fmt: skip
    return Reading(number=number, idh_status=label, **values | changes)


def counting(*readings: Reading, answers: Any = None) -> tuple[int, ...]:
    """Return the numbers of the readings that count; they are the same whatever the order."""
    [numbers] = {standing(order, answers or {}).numbers for order in permutations(readings)}
    return numbers


@pytest.mark.parametrize("later", [2, 20190915, 201909151135, 20190915113505])
def test_the_greater_version_counts(later: int) -> None:
    earlier = 1 if later == 2 else 20180620101500
    assert counting(reading(1, version=earlier), reading(2, MUTANT, version=later)) == (2,)


def test_the_same_version_with_another_content_is_asked_and_a_later_version_settles_it() -> None:
    one, other = reading(1), reading(-1, MUTANT, version=1)
    assert counting(one, other) == (-1, 1)
    assert counting(one, other, reading(2)) == (2,)


def test_a_correction_of_the_same_time_replaces_the_final_report() -> None:
    time = 20180620101500
    first, corrected = reading(1, version=time), reading(2, MUTANT, version=time, corrected=True)
    assert counting(first, corrected) == (2,)
    assert counting(reading(3, version=time, report_status=PRELIMINARY), first, corrected) == (2,)


def test_a_cancellation_of_the_same_version_is_asked() -> None:
    assert counting(reading(1), reading(-1, version=1, report_status=CANCELLED)) == (-1, 1)


def test_a_number_and_a_time_are_compared_by_what_both_state_or_by_the_status_or_asked() -> None:
    time = reading(1, version=20190915113505)
    assert counting(time, reading(2, MUTANT)) == (1, 2)
    assert counting(time, reading(2, MUTANT, corrected=True)) == (2,)
    assert counting(time, reading(2, MUTANT, version=20191001000000, revision=2)) == (2,)


def test_a_time_and_a_number_of_one_version_that_disagree_are_asked() -> None:
    first = reading(1, version=20180101000000, revision=2)
    assert counting(first, reading(2, MUTANT, version=20190101000000, revision=1)) == (1, 2)


def test_a_date_and_a_time_of_that_day_have_no_order() -> None:
    assert counting(reading(1, version=20190915), reading(2, MUTANT, version=20190915113505)) == (1, 2)


def test_channels_that_state_different_things_are_asked_whatever_their_numbers() -> None:
    message = reading(2, MUTANT, version=20190915113505, channels=frozenset({"hl7"}))
    assert counting(reading(1), message) == (1, 2)
    assert counting(reading(1, MUTANT), message) in {(1,), (2,)}
    assert counting(reading(1), message, reading(3, MUTANT)) in {(2,), (3,)}


@pytest.mark.parametrize(
    "change",
    [{"patient_key": PatientKey("q")}, {"glioblastoma": False}, {"surgery_date": date(2018, 6, 2)},
     {"birth_date": date(1958, 1, 2)}, {"report_status": CANCELLED}],
)  # fmt: skip
def test_channels_may_differ_in_more_than_the_label(change: dict[str, Any]) -> None:
    stated: dict[str, Any] = {"surgery_date": date(2018, 6, 1), "birth_date": date(1958, 1, 1)}
    other = reading(2, channels=frozenset({"fhir"}), **stated | change)
    assert counting(reading(1, **stated), other) == (1, 2)


def test_what_only_one_channel_states_is_no_contradiction() -> None:
    other = reading(2, channels=frozenset({"fhir"}), surgery_date=date(2018, 6, 1), version=1)
    assert counting(reading(1), other) == (2,)


def test_readings_of_which_none_is_final_are_not_asked() -> None:
    assert len(counting(reading(1, OPEN, report_status=PRELIMINARY),
                        reading(2, report_status=CANCELLED, channels=frozenset({"hl7"})))) == 1  # fmt: skip


def test_a_flip_on_weaker_evidence_waits_and_so_does_its_repetition() -> None:
    first, flipped = reading(1), reading(2, MUTANT, evidence=IHC)
    assert counting(first, flipped) == (1, 2)
    assert counting(first, flipped, reading(3, MUTANT, evidence=IHC)) == (1, 3)
    assert counting(first, reading(2, OPEN), reading(3, MUTANT, evidence=IHC)) == (1, 3)
    assert counting(first, flipped, reading(3, MUTANT)) == (3,)


def test_a_flip_on_equal_or_stronger_evidence_counts() -> None:
    assert counting(reading(1), reading(2, MUTANT)) == (2,)
    assert counting(reading(1, MUTANT, evidence=IHC), reading(2)) == (2,)


def test_an_answer_holds_for_what_was_shown_and_for_later_versions_that_state_the_same() -> None:
    first, flipped, again = reading(1), reading(2, MUTANT, evidence=IHC), reading(3, MUTANT, evidence=IHC)
    assert counting(first, flipped, answers={(1, 2): 2}) == (2,)
    assert counting(first, flipped, answers={(1, 2): 1}) == (1,)
    assert counting(first, flipped, answers={(1, 2): None}) == ()
    assert counting(first, flipped, again, answers={(1, 2): 2}) == (3,)
    assert counting(first, flipped, again, answers={(1, 2): 1}) == (1, 3)


def test_the_same_words_read_by_newer_rules_replace_the_older_reading() -> None:
    later = datetime(2021, 1, 1, tzinfo=UTC)
    assert counting(reading(1, source="w"), reading(-1, OPEN, version=1, source="w", received_at=later)) == (-1,)


def test_versions_stored_before_channels_were_known_are_ordered_with_every_channel() -> None:
    assert counting(reading(1, channels=frozenset()), reading(2, MUTANT)) == (2,)


@given(
    st.lists(
        st.builds(
            lambda number, **changes: (number, changes),
            st.sampled_from((MUTANT, WILDTYPE, OPEN)),
            version=st.sampled_from((1, 2, 3, 20190915113505, 20191001000000)),
            revision=st.sampled_from((None, 1, 2)),
            channels=st.sampled_from((frozenset(), frozenset({"hl7"}), frozenset({"fhir"}))),
            report_status=st.sampled_from(tuple(ReportStatus)),
            corrected=st.booleans(),
            evidence=st.sampled_from((0, 1, 2)),
        ),
        min_size=1,
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_arrival_never_decides(facts: list[tuple[IdhStatus, dict[str, Any]]], order: Any) -> None:
    readings = [reading(n, label, **changes) for n, (label, changes) in enumerate(facts, start=1)]
    shuffled = list(readings)
    order.shuffle(shuffled)
    counts = standing(readings, {}).numbers
    assert standing(shuffled, {}).numbers == counts
    assert counts
    [single] = counts if len(counts) == 1 else [None]
    replaced = [r for r in readings if r.number == single and _is_replaced(r, readings)]
    assert replaced == []


def _is_replaced(one: Reading, readings: list[Reading]) -> bool:
    """Return whether a final reading of each channel is newer and states another label, and none is older than it."""
    rivals = [r for r in readings if r.channels == one.channels and r is not one]
    return bool(rivals) and all(
        r.report_status is FINAL
        and r.idh_status is not one.idh_status
        and is_newer(r, one)
        and r.evidence >= one.evidence
        for r in rivals
    )


@pytest.mark.parametrize(
    ("version", "is_time"),
    [
        (2, False),
        (20190915, True),
        (20191399, False),
        (11111111, False),
        (20190915113505, True),
        (99999999999999, False),
    ],
)
def test_a_time_is_recognised_by_its_digits(version: int, is_time: bool) -> None:
    assert bool(time_digits(version)) is is_time


@pytest.mark.parametrize(("word", "correction"), [("C", True), ("amended", True), ("F", False), ("final", False)])
def test_a_correction_is_recognised_by_the_word_of_its_status(word: str, correction: bool) -> None:
    assert is_correction(word) is correction


@pytest.mark.parametrize(
    ("status", "rule", "provisional", "strength"),
    [(MUTANT, f"positive: {AssayMethod.IHC_R132H}", False, 1), (WILDTYPE, "both genes sequenced", False, 2),
     (MUTANT, f"positive: {AssayMethod.IHC_R132H}, {AssayMethod.NGS_PANEL}", False, 2),
     (WILDTYPE, "IHC negative at 55 or older", True, 0), (OPEN, "not tested", False, 0)],
)  # fmt: skip
def test_sequencing_is_stronger_evidence_than_immunohistochemistry(
    status: IdhStatus, rule: str, provisional: bool, strength: int
) -> None:
    assert evidence_strength(StatusDecision(status, rule, "", provisional)) == strength
