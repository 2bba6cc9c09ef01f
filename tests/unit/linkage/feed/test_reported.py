"""The reported feed files beside the checkout: each gives what was said to be right, or is refused by name."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from idh_tasks.codes import Code
from idh_tasks.linkage.feed.files import read_file
from idh_tasks.offline.feed import Entry, ReadMerge, ReadReport, Refusal, read_files
from idh_tasks.offline.linkage import resolve_file
from tests.conftest import REAL_DATA

FEEDS = REAL_DATA.parent / "reported" / "feeds"
pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason="the reported files are not beside this checkout")


def entries(*names: str) -> list[Entry]:
    return list(read_files(FEEDS / name for name in names))


def reports(*names: str) -> dict[str, ReadReport]:
    return {entry.report_id: entry for entry in entries(*names) if isinstance(entry, ReadReport)}


def refusals(*names: str) -> list[Refusal]:
    return [entry for entry in entries(*names) if isinstance(entry, Refusal)]


def only(found: dict[str, ReadReport]) -> ReadReport:
    (report,) = found.values()
    return report


@pytest.mark.parametrize("name", ["two_framed.hl7", "two_bom.hl7", "fhs_bhs.hl7"])
def test_each_message_belongs_to_its_own_patient(name: str) -> None:
    patients = {report_id: report.patient_id for report_id, report in reports(name).items()}
    assert patients == {"R1": "0012", "R2": "0013"}


def test_the_results_of_a_second_patient_never_belong_to_the_first() -> None:
    read = reports("two_patients.hl7")
    assert {report_id: report.patient_id for report_id, report in read.items()} in ({}, {"R1": "0012", "R2": "0013"})
    assert read or refusals("two_patients.hl7")


def test_a_withdrawn_result_is_gone_and_the_corrected_one_counts() -> None:
    assert only(reports("wrong_then_corrected.hl7")).status == "wildtype"


@pytest.mark.parametrize("name", ["obx11_D.hl7", "obx11_X.hl7"])
def test_a_deleted_or_unobtainable_result_is_no_result(name: str) -> None:
    assert only(reports(name)).status in ("indeterminate", "review")


@pytest.mark.parametrize("name", ["entered-in-error.json", "cancelled.json", "lines_same_code.hl7"])
def test_what_is_withdrawn_or_negated_on_the_next_line_is_not_mutant(name: str) -> None:
    assert only(reports(name)).status != "mutant"


def test_a_broken_line_is_held_or_asked() -> None:
    assert {report.status for report in reports("lf.hl7").values()} <= {"review"}
    assert reports("lf.hl7") or refusals("lf.hl7")


def test_the_lines_of_a_diagnosis_are_joined() -> None:
    diagnosis = only(reports("diagnosis_lines.hl7")).diagnosis
    assert diagnosis.split() == ["Glioblastoma,", "IDH-wildtype", "CNS", "WHO", "grade", "4"]


def test_the_stated_character_set_counts() -> None:
    latin, utf = only(reports("latin1.hl7")), only(reports("utf8.hl7"))
    assert vars(latin) | {"file": ""} == vars(utf) | {"file": ""}
    assert (latin.patient_id, latin.status) == ("Ü12", "indeterminate")


def test_a_broken_letter_never_changes_the_method() -> None:
    assert {report.status for report in reports("cp850.csv").values()} <= {"indeterminate", "review"}
    assert reports("cp850.csv") or refusals("cp850.csv")


HELD_WHOLE = {
    "two_results.csv": Code.E_SCHEMA,
    "two_results.xlsx": Code.E_SCHEMA,
    "unquoted_comma.csv": None,
    "unclosed.csv": None,
    "merged.xlsx": None,
    "group_blank.csv": None,
    "sci.csv": None,
    "excel_text_formula.csv": None,
}


@pytest.mark.parametrize(("name", "code"), HELD_WHOLE.items())
def test_a_ragged_or_ruined_table_is_held_as_a_whole(name: str, code: Code | None) -> None:
    assert reports(name) == {}
    assert refusals(name)[0].code in ((code,) if code else (Code.E_SCHEMA, Code.E_FEED_FORMAT))


def test_a_clean_table_is_read() -> None:
    assert len(reports("clean.csv")) == 6
    assert refusals("clean.csv") == []


def test_rows_that_disagree_in_status_give_no_label() -> None:
    assert {report.status for report in reports("mixed_status.csv").values()} <= {"review"}
    assert reports("mixed_status.csv") or refusals("mixed_status.csv")


def test_an_amended_report_is_the_newer_version() -> None:
    first, amended = only(reports("no_meta.json")), only(reports("amended_meta2.json"))
    assert amended.version > first.version


@pytest.mark.parametrize("name", ["surgery_then_radiotherapy.json", "period.json"])
def test_the_date_of_surgery_is_that_of_the_operation(name: str) -> None:
    assert only(reports(name)).surgery_date == date(2019, 9, 1)


@pytest.mark.parametrize("name", ["dob_month.hl7", "quoted_null.hl7"])
def test_a_birth_date_without_a_day_is_unknown(name: str) -> None:
    (report,) = read_file(name, (FEEDS / name).read_bytes()).reports
    assert report.birth_date is None


def test_contained_resources_are_read() -> None:
    assert only(reports("contained.json")).report_id == "42867"


def test_a_dangling_reference_holds_its_own_report_only() -> None:
    assert reports("dangling_neighbour.json").keys() == {"A1"}
    assert len(refusals("dangling_neighbour.json")) == 1


def test_every_prior_identifier_of_a_merge_is_read() -> None:
    merges = [entry for entry in entries("two_prior_ids.hl7") if isinstance(entry, ReadMerge)]
    assert [(merge.prior, merge.surviving) for merge in merges] == [("MR2", "MR1"), ("MR5", "MR1")]


@pytest.mark.parametrize(
    ("name", "patient"), [("pid3_ssn_first.hl7", "0012"), ("nhs_first_mr_second.json", "RXR0817610")]
)
def test_the_medical_record_number_is_chosen(name: str, patient: str) -> None:
    assert only(reports(name)).patient_id == patient


def test_no_method_of_the_list_is_sequencing_of_idh1() -> None:
    assert {report.status for report in resolve_file(FEEDS / "methods.csv")} == {"indeterminate"}


TEXTS = {
    "Non-canonical IDH1 mutation detected": ("mutant", "indeterminate"),
    "No R132H, but R132S mutation": ("mutant", "indeterminate"),
    "No IDH1 R132H mutation; IDH1 R132C mutation detected": ("mutant", "indeterminate"),
    "Nicht-kanonische IDH1-Mutation R132C nachgewiesen": ("mutant", "indeterminate"),
    "No 1p/19q codeletion; IDH1 R132H mutation present": ("mutant", "indeterminate"),
    "No IDH1 R132 mutation detected": ("wildtype",),
}


@pytest.mark.parametrize(("text", "right"), TEXTS.items())
def test_a_negation_reaches_no_further_than_it_says(tmp_path: Path, text: str, right: Sequence[str]) -> None:
    path = tmp_path / "assays.csv"
    rows = (f'a,60,IDH1 codon 132 sequencing,"{text}"', "a,60,IDH2 codon 172 sequencing,negative")
    path.write_text("\n".join(("report_id,age,method,result", *rows)))
    (resolved,) = resolve_file(path)
    assert resolved.status in right
