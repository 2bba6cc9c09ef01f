"""Linking on a real PostgreSQL: which study and which report are chosen, and why the others are not."""

from datetime import date, timedelta
from typing import Any

import pytest

from idh_tasks.db import cohort, identities, studies
from idh_tasks.db.identities import Identity
from idh_tasks.domain.role import Role
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Identification, SeriesId, SeriesRecord, StudyId, StudyRecord
from idh_tasks.linkage.feed.rows import read_rows
from idh_tasks.pipelines.link import cases
from idh_tasks.pipelines.link.store_feed import store_content
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.roles import database_as

SURGERY = date(2018, 6, 1)
ISSUER = "H"
WILDTYPE = (("IDH1 R132H IHC", "negative"), ("IDH1 sequencing", "wild-type"), ("IDH2 sequencing", "wild-type"))


def add_study(
    platform: Platform, name: str, day: date, patient: str = "p1", sequences: int = 3, *,
    issuer: str = ISSUER, birth_date: date = date(1958, 1, 1), sex: str = "F",
) -> StudyId:  # fmt: skip
    """Store a study with some sequences; the image data themselves are not needed for linking."""
    secret = platform.pseudonymiser
    key, study_id = secret.patient(issuer, patient), secret.study(name)
    identified = [Identification(sequence, Confidence.HIGH, "") for sequence in list(MrSequence)[:sequences]]
    series = tuple(SeriesRecord(SeriesId(f"{name}{n}"), one, "key", "hash", 1) for n, one in enumerate(identified))
    record = StudyRecord(study_id, key, name, secret.shifted(key, day), 60.0, "none", series, None)
    identity = Identity(key, issuer, patient, None, birth_date, sex, secret.shift_days(key))
    with platform.database.begin() as transaction:
        identities.register_patient(transaction, identity)
        studies.save(transaction, record)
    return study_id


def report(report_id: str = "r1", assays: Any = WILDTYPE, **overrides: Any) -> list[dict[str, Any]]:
    """Return a final report in the form of the laboratory's rows, one per assay."""
    row = {
        "report_id": report_id, "version": 1, "issuer": ISSUER, "patient_id": "p1", "patient_name": "Zebedee",
        "birth_date": date(1958, 1, 1), "sex": "F", "report_status": "final", "diagnosis": "Glioblastoma",
        "surgery_date": SURGERY, "specimen_date": None, "age_years": 60,
    }  # fmt: skip
    return [row | {"method": method, "result": result} | overrides for method, result in assays]


def deliver(platform: Platform, rows: list[dict[str, Any]]) -> None:
    with database_as(platform, Role.LINK).begin() as transaction:
        store_content(platform, transaction, read_rows(rows))


def linked(platform: Platform, *reports: list[dict[str, Any]]) -> dict[str, tuple[str, bool]]:
    """Deliver reports and link; return the code of each study, and whether it was chosen."""
    deliver(platform, [row for rows in reports for row in rows])
    cases.link_cases(platform)
    rows = run_sql(platform, "SELECT study_id, code, chosen FROM idh.case_link")
    return {study_id: (code, chosen) for study_id, code, chosen in rows}


def quarantined(platform: Platform) -> list[tuple[str, str]]:
    rows = run_sql(platform, "SELECT scope, code FROM idh.quarantine WHERE readmitted_at IS NULL")
    return [(scope, code) for scope, code in rows]


@pytest.mark.parametrize(
    ("days_before", "outcome"),
    [(0, ("OK", True)), (5, ("OK", True)), (90, ("OK", True)), (91, ("W_WINDOW", False)), (-1, ("W_POSTOP", False))],
)
def test_l05_only_a_study_before_surgery_and_inside_the_window_is_linked(
    platform: Platform, days_before: int, outcome: tuple[str, bool]
) -> None:
    study_id = add_study(platform, "s", SURGERY - timedelta(days=days_before))
    assert linked(platform, report()) == {study_id: outcome}


def test_without_a_date_of_surgery_the_date_of_the_specimen_counts(platform: Platform) -> None:
    study_id = add_study(platform, "s", SURGERY)
    assert linked(platform, report(surgery_date=None, specimen_date=SURGERY)) == {study_id: ("OK", True)}


def test_l06_the_study_with_the_most_sequences_wins_then_the_latest(platform: Platform) -> None:
    poor = add_study(platform, "poor", SURGERY - timedelta(days=1), sequences=2)
    early = add_study(platform, "early", SURGERY - timedelta(days=9), sequences=5)
    late = add_study(platform, "late", SURGERY - timedelta(days=4), sequences=5)
    outcomes = linked(platform, report())
    assert outcomes == {late: ("OK", True), early: ("W_OTHER_CHOSEN", False), poor: ("W_OTHER_CHOSEN", False)}


def test_p06_two_contradicting_final_reports_exclude_the_patient(platform: Platform) -> None:
    study_id = add_study(platform, "s", SURGERY)
    mutant = report("r2", assays=(("IDH1 R132H IHC", "positive"),))
    assert linked(platform, report("r1"), mutant)[study_id] == ("E_LABEL_CONFLICT", False)


def test_p05_an_amended_report_is_a_new_version_and_the_old_one_stays_stored(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=(("IDH1 R132H IHC", "positive"),)))
    linked(platform, report(version=2))
    versions = run_sql(
        platform,
        "SELECT r.version, r.idh_status, l.chosen FROM idh.report r LEFT JOIN idh.case_link l "
        "ON l.report_key = r.report_key AND l.report_version = r.version ORDER BY 1",
    )
    assert versions == [(1, "mutant", None), (2, "wildtype", True)]


def test_l07_a_report_with_a_different_birth_date_is_quarantined_and_not_linked(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    outcomes = linked(platform, report(birth_date=date(1970, 1, 1)))
    assert list(outcomes.values()) == [("E_DEMOGRAPHIC_MISMATCH", False)]
    assert quarantined(platform) == [("report", "E_DEMOGRAPHIC_MISMATCH")]
    assert [code for code, _ in linked(platform, report(version=2)).values()] == ["OK"]
    assert quarantined(platform) == []


def test_l03_the_same_identifier_from_another_issuer_is_another_patient(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    assert linked(platform, report(issuer="OTHER")) == {}


def test_linking_twice_changes_nothing(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report())
    before = linked(platform)
    latest = "SELECT max(linked_at) FROM idh.case_link"
    first = run_sql(platform, latest)
    assert linked(platform, report()) == before
    assert run_sql(platform, latest) == first


def test_an_indeterminate_case_is_linked_but_has_no_label(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=(("IDH1 R132H IHC", "negative"),)))
    with platform.database.begin() as transaction:
        assert cohort.count_cases(transaction) == {"indeterminate": 1}
