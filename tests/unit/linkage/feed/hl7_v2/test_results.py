"""Results: states, pieces of one text, comments, flags and types of values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.linkage.diagnosis import is_glioblastoma
from tests.hl7_messages import DIAGNOSIS, IDH1, IDH2, MUTATED, SURGERY, message, obx, order, patient, report, segment
from tests.unit.linkage.feed.hl7_v2.readings import ASKED, held, label, labels, only, read

GENE = "SEQ1^IDH1 codon 132 sequencing"
DIAGNOSED = "22637-3^Pathology report final diagnosis"


def idh1(*values: str, kind: str = "TX") -> bytes:
    """Return a report in which IDH1 sequencing has these lines."""
    return report(*(obx(GENE, value, kind) for value in values))


@pytest.mark.parametrize(
    ("states", "expected"),
    [("FCU", "mutant"), ("IPS", "indeterminate"), ("DWXNORVBQ", "indeterminate")],
)
def test_only_final_corrected_and_confirmed_results_count(states: str, expected: str) -> None:
    for state in states:
        assert labels(report(obx(GENE, "p.R132H", f11=state))) == {"0012": expected}, state


def test_a_result_without_a_state_is_as_final_as_its_order() -> None:
    stateless = obx(GENE, "p.R132H", f11="")
    assert labels(report(stateless)) == {"0012": "mutant"}
    assert labels(report(stateless, request={25: "P"})) == {"0012": "indeterminate"}


@pytest.mark.parametrize("withdrawn", "WDX")
@pytest.mark.parametrize("valid", "CF")
def test_a_withdrawn_result_is_gone_in_either_order(withdrawn: str, valid: str) -> None:
    wrong, right = obx(GENE, "p.R132H detected", f11=withdrawn), obx(GENE, "not detected", f11=valid)
    assert labels(report(wrong, right)) == labels(report(right, wrong)) == {"0012": "wildtype"}


def test_a_result_that_is_both_stated_and_withdrawn_is_asked() -> None:
    assert labels(report(obx(GENE, "p.R132H", f11="W"), obx(GENE, "p.R132H"))) == {"0012": ASKED}


def test_a_result_that_is_partly_pending_is_pending() -> None:
    assert labels(report(obx(GENE, "p.R132H", f11="P"), IDH1)) == {"0012": "indeterminate"}


def test_a_cancelled_order_is_a_cancelled_report() -> None:
    cancelled = message(patient(), segment("ORC", {1: "CA"}), order("R1", MUTATED, IDH2))
    assert only(cancelled).status == only(report(MUTATED, request={25: "X"})).status == "cancelled"


@pytest.mark.parametrize(
    "lines",
    [("IDH1 R132H", "not detected"), ("No mutation", "IDH1 R132H detected"), ("not", "detected"),
     ("No IDH1", "R132H mutation detected"), ("not detected", "p.R132H")],
)  # fmt: skip
def test_pieces_that_differ_from_the_whole_are_never_a_label(lines: tuple[str, ...]) -> None:
    separate = report(*(obx(GENE, line, "TX", f4=str(number)) for number, line in enumerate(lines)))
    apart = message(patient(), order("R1", DIAGNOSIS, obx(GENE, lines[0]), IDH2, obx(GENE, lines[1])))
    comment = report(obx(GENE, lines[0]), obx("SEQ1^comment", lines[1]))
    for content in (idh1(*lines), idh1("~".join(lines)), idh1("^".join(lines)), separate, apart, comment):
        assert set(labels(content).values()) <= {ASKED, "wildtype"}, content


def test_lines_are_one_text_in_their_order() -> None:
    [text] = [assay.result for assay in only(idh1("p.R132H", "detected")).assays if "IDH1" in assay.method]
    assert text == "p.R132H\ndetected"
    assert labels(idh1("not detected", "not detected")) == {"0012": "wildtype"}


@given(st.lists(st.sampled_from(("not detected", "p.R132H", "detected", "IDH1", "no")), min_size=1, max_size=4))
def test_results_repetitions_and_line_breaks_are_read_alike(lines: list[str]) -> None:
    assert labels(idh1(*lines)) == labels(idh1("~".join(lines))) == labels(idh1("\\.br\\".join(lines)))


@given(st.lists(st.sampled_from(("not detected", "p.R132H", "p.R132H detected", "wild-type")), min_size=2, max_size=4))
def test_lines_that_contradict_each_other_are_never_a_label(lines: list[str]) -> None:
    alone = {status for line in lines for status in labels(idh1(line)).values()}
    assert set(labels(idh1(*lines)).values()) <= (alone if len(alone) == 1 else {ASKED})


@pytest.mark.parametrize(
    ("value", "expected"),
    [("^not detected", "wildtype"), ("NEG", "wildtype"), ("NEG^not detected^L", "wildtype"),
     ("^^^^^^^^not detected", "wildtype"), ("LA9633-4^Present^LN^P^Positive^L", "mutant"),
     ("POS^not detected^L", ASKED), ("A^not detected^L^B^p.R132H^L", ASKED), ("A^Negative~B^Positive", ASKED)],
)  # fmt: skip
def test_coded_values_count_with_all_their_texts(value: str, expected: str) -> None:
    assert labels(idh1(value, kind="CWE")) == {"0012": expected}


def test_components_are_text_where_the_type_has_none() -> None:
    [text] = [assay.result for assay in only(idh1("IDH1 R132H^not detected")).assays if "IDH1" in assay.method]
    assert text == "IDH1 R132H^not detected"


@pytest.mark.parametrize("kind", ["ED", "RP", "CX", "unknown"])
def test_a_document_is_not_a_result(kind: str) -> None:
    assert labels(idh1("not detected", kind=kind)) == {"0012": ASKED}
    diagnosis = obx(DIAGNOSED, "Glioblastoma", kind)
    assert only(message(patient(), order("R1", diagnosis, IDH1))).diagnosis == ""


@pytest.mark.parametrize(
    ("value", "flag", "expected"),
    [("not detected", "POS", ASKED), ("not detected", "A", ASKED), ("p.R132H", "NEG", ASKED), ("p.R132H", "N", ASKED),
     ("p.R132H", "IND", ASKED), ("not detected", "L", ASKED), ("", "POS", ASKED), ("p.R132H", "POS~A", "mutant"),
     ("not detected", "N", "wildtype"), ("not detected", '""', "wildtype")],
)  # fmt: skip
def test_a_flag_must_agree_with_its_value(value: str, flag: str, expected: str) -> None:
    assert labels(report(obx(GENE, value, f8=flag))) == {"0012": expected}


def test_a_comment_is_part_of_the_result() -> None:
    withdrawn = "NTE|1||result withdrawn"
    assert labels(report(MUTATED, withdrawn)) == {"0012": ASKED}
    assert labels(report(MUTATED, "NTE|1||")) == {"0012": "mutant"}
    assert labels(message(patient(), segment("OBR"), withdrawn, DIAGNOSIS, MUTATED, IDH2)) == {"0012": ASKED}


@pytest.mark.parametrize(
    ("name", "words"),
    [("SEQ1^IDH1 codon 132 sequencing", "IDH1 codon 132 sequencing"), ("IDH1^Sequencing", "IDH1 Sequencing"),
     ("IDH1 sequencing", "IDH1 sequencing"), ("IHC^IDH1 codon 132 sequencing", "IHC IDH1 codon 132 sequencing"),
     ("X^IDH1 sequencing^L^Y^IDH1 Sanger^L", "IDH1 sequencing IDH1 Sanger")],
)  # fmt: skip
def test_a_code_is_part_of_the_method_only_where_it_says_something(name: str, words: str) -> None:
    [assay] = only(message(patient(), order("R1", obx(name, "p.R132H")))).assays
    assert assay.method == words


def test_the_method_field_is_read_with_the_name() -> None:
    [assay] = [a for a in only(report(obx(GENE, "p.R132H", f17="^ddPCR"))).assays if "IDH1" in a.method]
    assert assay.method.endswith("ddPCR")


def test_a_code_with_several_texts_stands_for_several_tests() -> None:
    tests = (obx("MOL^IDH1 codon 132 sequencing", "not detected"), obx("MOL^IDH2 codon 172 sequencing", "not detected"))
    assert label(only(message(patient(), order("R1", DIAGNOSIS, *tests)))) == "wildtype"


@pytest.mark.parametrize(
    "parts",
    [[obx(DIAGNOSED, "Glioblastoma", "TX"), obx(DIAGNOSED, "ruled out", "TX")],
     [obx(DIAGNOSED, "Glioblastoma~ruled out", "TX")], [obx(DIAGNOSED, "Glioblastoma", "TX"), "NTE|1||ruled out"]],
)  # fmt: skip
def test_the_diagnosis_is_the_joined_text(parts: list[str]) -> None:
    assert only(message(patient(), order("R1", *parts, IDH1))).diagnosis == "Glioblastoma\nruled out"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("X1^Glioblastoma^L", True), ("9440/3^Glioblastoma^ICDO3", True), ("9440/3^^ICDO3", True), ("X1^^L", None),
     ("9450/3^Glioblastoma^ICDO3", None), ("X1^Glioblastoma^L^9450/3^^ICDO3", None)],
)  # fmt: skip
def test_the_code_of_a_tumour_counts_with_its_text(value: str, expected: bool | None) -> None:
    found = only(message(patient(), order("R1", obx(DIAGNOSED, value, "CWE"), IDH1)))
    assert is_glioblastoma(found.diagnosis) is expected


def test_a_pending_diagnosis_is_none() -> None:
    assert only(message(patient(), order("R1", obx(DIAGNOSED, "Glioblastoma", f11="P"), IDH1))).diagnosis == ""


@pytest.mark.parametrize("second", [obx("OPDATE^Date of surgery", "20180902", "TX"), "NTE|1||planned, not performed"])
def test_two_dates_of_surgery_or_one_with_a_comment_reject_the_report(second: str) -> None:
    others = [message(patient(str(number)), order(f"R{number + 1}")) for number in range(1, 4)]
    doubtful = message(patient(), order("R1", DIAGNOSIS, SURGERY, second, MUTATED, IDH2))
    content = read("".join([*others, doubtful]))
    assert [(r.column, r.report_id) for r in content.rejected] == [("surgery_date", "R1")]
    assert len(content.reports) == 3


def test_a_result_without_a_name_holds_the_file() -> None:
    assert held(report(obx(GENE, "IDH1 R132H"), obx("", "not detected"))).line == 7
    assert labels(report(obx("", ""), IDH1)) == {"0012": "wildtype"}


@pytest.mark.parametrize(
    "value",
    ["260373001^Not detected^SCT", "LA6576-8^negative^LN", "10828004^negativ^L", "N^negative^L^260373001^^SCT",
     "+^negative", "260415000^Detected^SCT", "LA11883-8^p.R132H detected^LN", "-^positive"],
)  # fmt: skip
def test_a_code_that_states_the_opposite_of_its_text_is_asked(value: str) -> None:
    assert labels(report(obx(GENE, value, "CWE"))) == {"0012": ASKED}


@pytest.mark.parametrize("system", ["{}^^SCT", "{}^Detected^SCT", "{}^^SNOMED-CT", "^^^{}^^SCT"])
def test_a_code_of_snomed_is_read_with_and_without_its_text(system: str) -> None:
    assert labels(report(obx(GENE, system.format("260373001"), "CWE"))) == {"0012": "mutant"}


def test_a_code_without_text_counts_only_in_its_own_system() -> None:
    assert labels(report(obx(GENE, "LA11883-8^^LN", "CWE"))) == {"0012": "wildtype"}
    assert labels(report(obx(GENE, "260415000^^99LOCAL", "CWE"))) == {"0012": ASKED}


def test_a_comment_on_the_order_is_asked_but_leaves_the_date_of_surgery() -> None:
    on_order = order("R1")
    on_order.insert(1, "NTE|1||Electronically signed")
    content = message(patient(), on_order)
    assert labels(content) == {"0012": ASKED}
    assert str(only(content).surgery_date) == "2018-06-02"


@pytest.mark.parametrize("name", ["22638-1^Pathology report comments", "KOM^Kommentar", "N^Nachtrag", "A^Addendum"])
@pytest.mark.parametrize(
    "text", ["IDH1 R132H found on repeat", "Result retracted: sample swap", "Probe verwechselt, Ergebnis ungültig"]
)
def test_a_comment_in_an_obx_of_its_own_about_the_genes_or_a_mistake_is_asked(name: str, text: str) -> None:
    assert labels(report(IDH1, obx(name, text, "TX"))) == {"0012": ASKED}
    assert labels(report(IDH1, obx(name, text, "TX", f11="W"))) == {"0012": "wildtype"}


@pytest.mark.parametrize("text", ["Bericht nach WHO 2021", "MGMT promoter methylated", "IDH1 R132H not detected"])
def test_other_comments_in_an_obx_of_their_own_leave_the_result(text: str) -> None:
    assert labels(report(IDH1, obx("KOM^Kommentar", text, "TX"))) == {"0012": "wildtype"}
