"""Files in the drop: held whole, named, or fetched again; what was held leaves nothing behind."""

import logging
from typing import Any

import pytest

from idh_tasks.codes import Code
from idh_tasks.db import feed as feed_db
from idh_tasks.db.feed import FeedFile
from idh_tasks.errors import IdhError, ObjectVanishedError, RunRefusedError
from idh_tasks.pipelines.link import feed
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import ObjectStore
from tests.feed_tables import csv_text, report
from tests.integration.test_feed import quarantined_codes, scalar, statuses, with_settings

SIX = [row for number in range(6) for row in report(f"R{number}", patient_id=f"P{number}")]
CLEAN = csv_text(SIX)


@pytest.fixture
def files(platform: Platform) -> Platform:
    """Return a platform whose laboratory delivers files only."""
    return with_settings(platform, pathology_url=None)


def deliver(platform: Platform, name: str, content: str) -> None:
    platform.pathology_drop.put(f"pathology/{name}", content.encode())


@pytest.mark.parametrize(
    "broken",
    [
        CLEAN.replace("Glioblastoma", '"Glioblastoma', 1),
        CLEAN.replace("not detected", "R132H, not detected", 1),
        CLEAN.replace("R0,1,H,P0", ",,,", 2).replace(",,,", "R0,1,H,P0", 1),
        CLEAN.replace("P5", "1.2E+12"),
    ],
    ids=["an open quote", "a comma", "a blank identifier", "a ruined identifier"],
)
def test_after_a_held_file_a_clean_one_simply_counts(files: Platform, broken: str) -> None:
    deliver(files, "a.csv", broken)
    with pytest.raises(RunRefusedError, match="E_FEED: 1 "):
        feed.load_reports(files)
    assert statuses(files) == {}
    deliver(files, "b.csv", CLEAN)
    assert feed.load_reports(files) == 6
    assert set(statuses(files).values()) == {"wildtype"}
    assert "E_REPORT_CONFLICT" not in quarantined_codes(files)


def test_a_rejected_report_is_quarantined_with_line_and_reason_but_without_a_value(files: Platform) -> None:
    rows = [*SIX, *report("R9", patient_id="P9")]
    deliver(files, "a.csv", csv_text([*rows[:-1], {**rows[-1], "report_status": "cancelled"}]))
    assert feed.load_reports(files) == 6
    reason = scalar(files, "SELECT reason FROM idh.quarantine WHERE code = 'E_SCHEMA'")
    assert reason == (
        "line 15: column report_status differs between the rows of one report; the other reports were stored"
    )


def test_a_file_without_a_reader_is_named_once_and_the_run_goes_on(
    files: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    deliver(files, "a.csv", CLEAN)
    for name in ("old.xls", "macros.xlsm", "scan P0.pdf", "no ending", ".hidden"):
        deliver(files, name, "x")
    files.pathology_drop.put("pathology/folder/", b"")
    with caplog.at_level(logging.WARNING):
        assert feed.load_reports(files) == 6
    assert "5 files have an ending without a reader" in caplog.text
    assert quarantined_codes(files) == {"W_UNREAD": 5}
    assert "P0" not in caplog.text
    caplog.clear()
    assert feed.load_reports(files) == 0
    assert "W_UNREAD" not in caplog.text
    assert scalar(files, "SELECT count(*) FROM idh.feed_file WHERE code = 'W_UNREAD'") == 5


@pytest.mark.parametrize(
    "fault",
    [
        RunRefusedError(Code.E_STORE_AUTH, "get: the store refused the access"),
        RunRefusedError(Code.E_STORE_REQUEST, "get: the store rejects the request"),
        ObjectVanishedError(Code.W_VANISHED, "get: the object does not exist"),
    ],
)
def test_a_file_that_could_not_be_fetched_is_read_in_the_next_run(
    files: Platform, monkeypatch: pytest.MonkeyPatch, fault: IdhError
) -> None:
    def refuse(*_: Any) -> bytes:
        raise fault

    deliver(files, "a.csv", CLEAN)
    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "get", refuse)
        if isinstance(fault, ObjectVanishedError):
            assert feed.load_reports(files) == 0
        else:
            with pytest.raises(RunRefusedError, match=fault.code):
                feed.load_reports(files)
    assert feed.load_reports(files) == 6


def test_a_file_that_an_older_version_held_for_a_fault_of_the_store_is_read_once(files: Platform) -> None:
    deliver(files, "a.csv", CLEAN)
    [listed] = files.pathology_drop.listed("pathology/")
    file_id = files.pseudonymiser.token("feed", listed.key, listed.etag)
    with files.database.begin() as transaction:
        feed_db.save_file(transaction, FeedFile(file_id, "held", Code.E_STORE_AUTH, "refused"))
    assert feed.load_reports(files) == 6
    readings = "SELECT count(*) FROM idh.feed_night"
    before = scalar(files, readings)
    assert feed.load_reports(files) == 0
    assert scalar(files, readings) == before
