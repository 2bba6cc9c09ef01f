"""Boundaries of messages, batches and patients: a result never reaches another patient."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.errors import FileHeldError
from tests.hl7_messages import DIAGNOSIS, IDH1, IDH2, MUTATED, SURGERY, message, order, patient, report
from tests.unit.linkage.feed.hl7_v2.readings import held, labels, read

WILDTYPE = message()
MUTANT = message(patient("0013"), order("R2", DIAGNOSIS, SURGERY, MUTATED, IDH2), header={10: "M2"})
BOTH = {"0012": "wildtype", "0013": "mutant"}
SEPARATORS = ("\r", "\x0b", "\x1c\r\x0b", "\x1c\x0b", "\x1c\r\n", "\ufeff", "\r\ufeff\x0b", "\x1c\r\ufeff ", "\r \t")


@pytest.mark.parametrize("separator", SEPARATORS)
def test_whatever_separates_two_messages_each_patient_has_their_own_result(separator: str) -> None:
    assert labels(WILDTYPE.rstrip("\r") + separator + MUTANT) == BOTH


@given(
    st.lists(st.booleans(), min_size=1, max_size=6), st.sampled_from(SEPARATORS), st.sampled_from(("\r", "\n", "\r\n"))
)
def test_any_number_of_patients_keep_their_results(mutants: list[bool], separator: str, end: str) -> None:
    parts = [
        message(patient(str(n)), order(f"R{n}", DIAGNOSIS, SURGERY, MUTATED if mutant else IDH1, IDH2)).replace(
            "\r", end
        )
        for n, mutant in enumerate(mutants, start=1)
    ]
    expected = {str(n): "mutant" if mutant else "wildtype" for n, mutant in enumerate(mutants, start=1)}
    assert labels(separator.join(parts)) == expected


@given(st.sampled_from(("\x0b", "\x1c", "\r", "\n", "\ufeff", " ", "\x00", "|", "M")), st.data())
def test_a_stray_byte_never_moves_a_result_to_another_patient(stray: str, data: st.DataObject) -> None:
    both = WILDTYPE + MUTANT
    place = data.draw(st.integers(0, len(both)))
    try:
        found = labels(both[:place] + stray + both[place:])
    except FileHeldError:
        return
    assert found.get("0012") != "mutant"
    assert found.get("0013") != "wildtype"


def test_each_patient_of_one_message_has_their_own_results() -> None:
    second = order("R2", DIAGNOSIS, SURGERY, MUTATED, IDH2)
    assert labels(message(patient(), order(), patient("0013"), second)) == BOTH


@pytest.mark.parametrize(
    ("segments", "line"),
    [
        ((patient(), order(), patient("0013"), MUTATED), 9),
        ((patient(), MUTATED, order()), 3),
        ((order(),), 2),
        ((patient(), order(), "SPX|1"), 8),
        ((patient(), order(), "obx|1"), 8),
        ((patient(), order(), "DSC|1"), 8),
    ],
)
def test_a_segment_out_of_place_holds_the_file_with_its_line(segments: tuple[str, ...], line: int) -> None:
    assert held(message(*segments)).line == line


@pytest.mark.parametrize("value", ["IDH1 R132H\nnot detected", "IDH1 R132H\nNEG", "IDH1 R132H\rNEG", "R132H\x0bNEG"])
@pytest.mark.parametrize("end", [b"\r", b"\n"])
def test_a_line_break_within_a_value_holds_the_file(value: str, end: bytes) -> None:
    content = report(MUTATED.replace("p.R132H", value))
    assert held(content.replace(b"\r", end)).code == "E_FEED_FORMAT"


@pytest.mark.parametrize(
    "content",
    ["", "no message", "MSH", "MSH|", "MSH\r", "PID|1\r" + WILDTYPE, message(order())[:-1] + patient() + "\r",
     WILDTYPE[:-1] + MUTANT, WILDTYPE + "end of file\r", WILDTYPE[:-8],
     f"\x0b{WILDTYPE}\x1c\r\x0b{MUTANT[:200]}", message(header={14: "1"}), message(header={11: "T"}),
     message(header={9: "ADT^A08"}), message(header={2: "^~\\&amp;"}), message(header={2: "^^\\&"}),
     message(header={2: "^~"})],
)  # fmt: skip
def test_what_is_no_complete_message_is_held(content: str) -> None:
    assert held(content).code == "E_FEED_FORMAT"


BATCH = "FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r" + WILDTYPE + MUTANT


@pytest.mark.parametrize(
    "content",
    [BATCH + "BTS|0000000002|B1\rFTS|1\r", BATCH + "BTS\rFTS\r", f"BHS|^~\\&\r{WILDTYPE}{MUTANT}BTS|2\r",
     f"FHS|^~\\&\r{WILDTYPE}{MUTANT}FTS|2\r", f"\x0b{BATCH}BTS|2\rFTS|1\r\x1c\r",
     f"FHS|^~\\&\rBHS|^~\\&\r{WILDTYPE}BTS|1\rBHS|^~\\&\r{MUTANT}BTS|1\rFTS|2\r"],
)  # fmt: skip
def test_batches_are_read(content: str) -> None:
    assert labels(content) == BOTH


@pytest.mark.parametrize(
    "trailers", ["", "BTS|2\r", "FTS|1\r", "BTS|3\rFTS|1\r", "BTS|1\rFTS|1\r", "BTS|2\rFTS|2\r", "BTS|two\rFTS|1\r"]
)
def test_a_batch_that_does_not_hold_what_it_states_is_truncated(trailers: str) -> None:
    assert "truncated" in held(BATCH + trailers).reason


def test_other_separators_are_read_from_the_header() -> None:
    other = str.maketrans("|^~&", "#@!%")
    assert labels(WILDTYPE.translate(other) + MUTANT) == BOTH


@pytest.mark.parametrize(
    "value",
    ["not\\.br\\detected", "not\\X20\\detected", "\\H\\not detected\\N\\", "not\\.sp1\\detected"],
)
def test_escape_sequences_are_decoded(value: str) -> None:
    assert labels(report(IDH1.replace("not detected", value))) == {"0012": "wildtype"}


@pytest.mark.parametrize(
    "value", ["not detected\\", "\\C2842\\not detected", "\\Q\\", "not \\Z01\\ detected", "\\XA\\"]
)
def test_an_unknown_escape_sequence_holds_the_file_at_its_line(value: str) -> None:
    assert held(report(IDH1.replace("not detected", value))).line == 6


def test_escaped_separators_belong_to_the_value() -> None:
    [found] = read(message(patient("A\\S\\1\\T\\2\\F\\3\\R\\4\\E\\5"), order())).reports
    assert found.patient_id == "A^1&2|3~4\\5"


def test_a_reason_names_no_patient() -> None:
    error = held(WILDTYPE + "0012 DOE\r")
    assert re.search("0012|DOE|1958", str(error)) is None
