"""Reports: orders under one number, dates, versions, and identifiers of the patient."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.pathology import ReportStatus
from tests.hl7_messages import DIAGNOSIS, IDH1, IDH2, MUTATED, SURGERY, message, obx, order, patient
from tests.unit.linkage.feed.hl7_v2.readings import ASKED, label, labels, only, read, rejected_columns

OTHERS = "".join(message(patient(str(number)), order(f"R{number + 2}")) for number in range(3))
"""Three reports that can be read, beside one that cannot."""


def test_a_specimen_belongs_to_its_order() -> None:
    content = read(message(patient(), order("R1"), "SPM|1|SP-1", order("R2"), "SPM|2|^SP-2&LAB"))
    assert [report.specimen for report in content.reports] == ["SP-1", "SP-2"]


def test_orders_under_one_number_are_one_report() -> None:
    report = only(message(patient(), order("R1", DIAGNOSIS, SURGERY), order("R1", IDH1, IDH2, changes={25: "C"})))
    assert (label(report), report.surgery_date, report.status) == ("wildtype", date(2018, 6, 2), ReportStatus.FINAL)


def test_orders_under_one_number_that_disagree_are_never_a_label() -> None:
    assert labels(message(patient(), order("R1"), order("R1", MUTATED))) == {"0012": ASKED}
    assert labels(message(patient(), order("R1"), order("R1", MUTATED, changes={25: "X"}))) == {"0012": "wildtype"}
    pending = only(message(patient(), order("R1"), order("R1", MUTATED, changes={25: "P"})))
    assert pending.status is ReportStatus.PRELIMINARY


@pytest.mark.parametrize(
    ("changes", "column"),
    [({3: "R1^OTHER"}, "report_id"), ({7: "20190101"}, "specimen_date"), ({22: "soon"}, "version")],
)
def test_orders_that_do_not_fit_reject_their_report_only(changes: dict[int, str], column: str) -> None:
    doubtful = message(patient(), order("R1"), order("R1", MUTATED, changes=changes))
    content = read(OTHERS + doubtful)
    assert [(report.column, report.line) for report in content.rejected] == [(column, 24)]
    assert len(content.reports) == 3


def test_the_number_of_the_report_is_the_laboratorys_or_else_the_requesters() -> None:
    assert only(message(patient(), order(changes={2: "P9"}))).report_id == "R1"
    assert only(message(patient(), order(changes={2: "P9", 3: ""}))).report_id == "P9"


def test_a_version_that_is_stated_twice_counts_once_or_not_at_all() -> None:
    original, changed = message(), message(patient(), order("R1", DIAGNOSIS, MUTATED, IDH2))
    assert label(only(original + original)) == "wildtype"
    for content in (original + changed, changed + original):
        assert labels(content) == {}
        assert rejected_columns(content) == ["version"]


@pytest.mark.parametrize("stated", ["1958", "195811", '""', "", "19581101^L", "19580101^Y"])
def test_a_partial_date_is_unknown(stated: str) -> None:
    found = only(message(patient(changes={7: stated}), order(changes={7: stated})))
    assert (found.birth_date, found.specimen_date) == (None, None)


@pytest.mark.parametrize("stated", ["19581301", "19580230", "195813", "03/04/1958", "1958110", "00000000", "unknown"])
def test_an_impossible_date_rejects_the_report_by_its_column(stated: str) -> None:
    operated = obx("OPDATE^Date of surgery", stated)
    content = OTHERS + message(patient(changes={7: stated}), order())
    content += message(patient(), order("R9", changes={7: stated})) + message(patient(), order("R8", operated, IDH1))
    assert rejected_columns(content) == ["birth_date", "specimen_date", "surgery_date"]


@pytest.mark.parametrize("stated", ["20180602", "2018060210", "20180602101500.25+0200", "2018-06-02", "2.6.2018"])
def test_the_date_of_surgery_is_read_as_laboratories_write_it(stated: str) -> None:
    operated = obx("OPDATE^Date of surgery", stated)
    assert only(message(patient(), order("R1", operated, IDH1))).surgery_date == date(2018, 6, 2)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read(day: date) -> None:
    assert only(message(patient(changes={7: f"{day:%Y%m%d}"}), order())).birth_date == day


@pytest.mark.parametrize(
    ("changed", "sent", "version"),
    [("20180620101500", "20180621", 20180620101500), ("", "20180621", 20180621000000),
     ('""', "20180621", 20180621000000),
     ("20180620101500+0200", "20180621", 20180620081500), ("20180620101500", "20180621+0200", 20180620081500),
     ("20180620233000-0500", "20180621", 20180621043000)],
)  # fmt: skip
def test_versions_are_times_in_one_zone(changed: str, sent: str, version: int) -> None:
    assert only(message(patient(), order(changes={22: changed}), header={7: sent})).version == version


@pytest.mark.parametrize(
    "stated",
    ["999-11-2222^^^USSSA^SS~0012^^^H^MR", "0012^^^H^MR~4^^^NHS^NI", "0012^^^H", "0012^^^H^PI~5^^^H^AN",
     "0011^^^H^MR^^^20170101~0012^^^H^MR", "0012^^^H&1.2.3&ISO^MR", "0012^^^H^MR~0012^^^H^MR", "~0012^^^H^mr"],
)  # fmt: skip
def test_the_medical_record_number_is_found_among_other_identifiers(stated: str) -> None:
    found = only(message(patient(changes={3: stated}), order()))
    assert (found.issuer, found.patient_id) == ("H", "0012")


@pytest.mark.parametrize(
    "stated",
    ["", '""^^^H^MR', "9^^^USSSA^SS", "0012^^^H^MR~0013^^^H^MR", "0012^^^H^MR~0012^^^X^MR", "0012", "5^^^H^AN"],
)
def test_a_patient_without_exactly_one_medical_record_number_is_rejected(stated: str) -> None:
    content = OTHERS + message(patient(changes={3: stated}), order())
    assert rejected_columns(content) == ["issuer"]


def test_configured_authorities_decide_between_hospitals() -> None:
    content = message(patient(changes={3: "77^^^X^MR~0012^^^H&1.2.3&ISO^MR"}), order())
    [found] = read(content, authorities=("H",)).reports
    assert (found.issuer, found.patient_id) == ("H", "0012")
    assert rejected_columns(content) == rejected_columns(content, ("OTHER",)) == ["issuer"]
    assert rejected_columns(content, ("ISO",)) == ["issuer"]
