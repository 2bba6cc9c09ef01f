"""A pathology reader sees what the reports of a question state; every reading is audited, and names no patient."""

import pytest
from sqlalchemy.exc import ProgrammingError

from idh_tasks.domain.role import Role
from idh_tasks.pipelines.pages import waiting
from idh_tasks.pipelines.pages.report_texts import ReportText, read_texts
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.integration.test_link import SURGERY, add_study, linked, report
from tests.integration.test_review import MUTANT, UNCLEAR
from tests.roles import database_as


def texts(platform: Platform) -> list[ReportText]:
    [row] = waiting.waiting(platform, 1).rows
    return read_texts(platform, row.review.review_id, "tom")


def readings(platform: Platform) -> list[tuple[str, str]]:
    listing = "SELECT actor, subject FROM idh.audit_event WHERE action = 'report read' ORDER BY subject"
    return [(actor, subject) for actor, subject in run_sql(platform, listing)]


def test_an_unclear_result_is_read_in_the_words_of_the_laboratory(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    [read] = texts(platform)
    assert read.stated["assays"] == [{"method": "IDH1 R132H IHC", "result": "weakly so, says Dr Zebedee"}]
    assert readings(platform) == [("tom", read.report_key)]
    assert "Zebedee" not in repr(read)


def test_nothing_that_identifies_the_patient_comes_along(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    [read] = texts(platform)
    assert set(read.stated) <= {"report_id", "status", "diagnosis", "diagnosis_codes", "specimen", "assays"}


def test_of_a_conflict_both_reports_are_read(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report("r1"), report("r2", assays=MUTANT))
    read = texts(platform)
    assert {one.stated["report_id"] for one in read} == {"r1", "r2"}
    assert readings(platform) == sorted(("tom", one.report_key) for one in read)


def test_only_the_version_that_is_asked_about_is_read(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report("r1", assays=UNCLEAR), report("other"))
    linked(platform, report("r1", version=2, assays=UNCLEAR))
    [read] = texts(platform)
    assert (read.stated["report_id"], read.version) == ("r1", 2)


def test_an_unknown_question_reads_nothing_and_records_nothing(platform: Platform) -> None:
    assert read_texts(platform, "0" * 32, "tom") == []
    assert readings(platform) == []


@pytest.mark.parametrize("role", [Role.MONITOR, Role.LINK, Role.TRAIN])
def test_no_other_role_may_read_texts(platform: Platform, role: Role) -> None:
    with database_as(platform, role).begin() as transaction, pytest.raises(ProgrammingError, match="permission denied"):
        transaction.rows("pages/read_question", review_id="0" * 32, reader="tom")
