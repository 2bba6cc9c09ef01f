"""The laboratory's feed on a real PostgreSQL and a real bucket: nothing is lost, stored in part, or guessed."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from idh_airflow.defaults import DEFAULT_ARGS
from pydantic import SecretStr
from sqlalchemy import text

from idh_tasks.db import engine
from idh_tasks.db.engine import Database
from idh_tasks.db.laboratory import fill_stand_in
from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.pipelines.link import feed
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import freeze
from tests.database import run_sql
from tests.integration.test_link import SURGERY, WILDTYPE, add_study, deliver, linked, quarantined, report
from tests.unit.linkage.feed.fhir import bundles
from tests.unit.linkage.feed.test_files import A37, A40, ORU

MUTANT = (("IDH1 R132H IHC", "positive"),)


def statuses(platform: Platform) -> dict[tuple[str, int], str]:
    """Return the IDH status of each report version."""
    rows = run_sql(
        platform,
        "SELECT report_id, version, idh_status FROM idh.report JOIN phi.report_source USING (report_key, version)",
    )
    return {(report_id, version): status for report_id, version, status in rows}


def scalar(platform: Platform, statement: str) -> Any:
    [(value,)] = run_sql(platform, statement)
    return value


def run_in_laboratory(platform: Platform, statement: str) -> None:
    """Run one statement on the stand-in for the laboratory's database."""
    run_sql(with_settings(platform, database_url=platform.settings.pathology_url), statement)


def quarantined_codes(platform: Platform) -> dict[str, int]:
    return dict(Counter(code for _, code in quarantined(platform)))


def many(count: int) -> list[dict[str, Any]]:
    return [row for n in range(count) for row in report(f"r{n}", patient_id=f"p{n}")]


def with_settings(platform: Platform, **changes: Any) -> Platform:
    return Platform(platform.settings.model_copy(update=changes))


def test_reading_the_view_again_changes_nothing(platform: Platform, laboratory: Database) -> None:
    fill_stand_in(laboratory, many(3))
    assert feed.load_reports(platform) == 3
    assert feed.load_reports(platform) == 0
    assert set(statuses(platform).values()) == {IdhStatus.WILDTYPE}


@pytest.fixture
def breaking_insert(platform: Platform) -> Iterator[None]:
    """Let the database close the connection during a load, as a failover does."""
    body = "BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END"
    run_sql(platform, f"CREATE FUNCTION idh.fail_over() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    each = "AFTER INSERT ON idh.assay FOR EACH ROW EXECUTE FUNCTION idh.fail_over()"
    run_sql(platform, f"CREATE TRIGGER fail_over {each}")
    yield
    run_sql(platform, "DROP FUNCTION idh.fail_over CASCADE")


def test_p01_a_failover_during_a_load_stores_nothing_and_a_retry_stores_everything(
    platform: Platform, laboratory: Database, breaking_insert: None
) -> None:
    fill_stand_in(laboratory, many(5))
    with pytest.raises(TransientError, match="E_DATABASE"):
        feed.load_reports(platform)
    assert statuses(platform) == {}
    run_sql(platform, "DROP TRIGGER fail_over ON idh.assay")
    assert feed.load_reports(platform) == 5


def test_p01_a_read_only_database_is_retried(platform: Platform) -> None:
    run_sql(platform, "ALTER DATABASE idh SET default_transaction_read_only = on")
    try:
        with pytest.raises(TransientError, match="E_DATABASE"):
            deliver(platform, report())
    finally:
        run_sql(platform, "SET TRANSACTION READ WRITE; ALTER DATABASE idh RESET default_transaction_read_only")
    assert statuses(platform) == {}


def test_p02_of_two_deadlocked_transactions_one_is_retried_and_nothing_is_lost(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(platform, many(2))
    # A query's name is its statement here.
    monkeypatch.setattr(engine, "query", text)
    of_p0, of_p1 = (
        f"UPDATE idh.report SET evidence = evidence || '+' WHERE patient_key = '{patient}'"
        for patient in (platform.pseudonymiser.patient("H", name) for name in ("p0", "p1"))
    )
    both_hold_a_row = Barrier(2)

    def work(*statements: str) -> str:
        try:
            with platform.database.begin() as transaction:
                transaction.run(statements[0])
                both_hold_a_row.wait()
                transaction.run(statements[1])
        except TransientError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(work, of_p0, of_p1), pool.submit(work, of_p1, of_p0)
        outcomes = sorted((first.result(), second.result()))
    assert outcomes[1] == "done"
    assert "E_DATABASE" in outcomes[0]
    assert "40P01" in outcomes[0]
    assert scalar(platform, "SELECT count(*) FROM idh.report WHERE evidence LIKE '%+'") == 2
    assert DEFAULT_ARGS["retries"] <= 5
    assert DEFAULT_ARGS["retry_exponential_backoff"]


def test_p03_a_missing_column_stops_the_feed_and_is_named(platform: Platform, laboratory: Database) -> None:
    fill_stand_in(laboratory, many(2))
    feed.load_reports(platform)
    run_in_laboratory(platform, "ALTER TABLE idh_results RENAME COLUMN result TO ergebnis")
    try:
        with pytest.raises(RunRefusedError, match=r"E_SCHEMA.*result"):
            feed.load_reports(platform)
    finally:
        run_in_laboratory(platform, "ALTER TABLE idh_results RENAME COLUMN ergebnis TO result")
    assert set(statuses(platform).values()) == {IdhStatus.WILDTYPE}


def test_files_are_read_although_the_view_is_unreachable(platform: Platform) -> None:
    platform.pathology_drop.put("pathology/a.hl7", ORU.encode())
    broken = with_settings(platform, pathology_url=SecretStr("sqlite:////nowhere/lis.db"))
    with pytest.raises(TransientError, match="E_LABORATORY"):
        feed.load_reports(broken)
    assert list(statuses(platform)) == [("R1", 20180620101500)]


@pytest.mark.parametrize("words", ["not mutated", "R132H neg, seq pending", "NOS", "negatve", "", None])
def test_p04_a_result_outside_the_vocabulary_is_not_a_label(platform: Platform, words: str | None) -> None:
    add_study(platform, "s", SURGERY)
    outcomes = linked(platform, report(assays=(*WILDTYPE[:2], ("IDH2 sequencing", words))))
    assert [code for code, _ in outcomes.values()] == ["OK"]
    assert set(statuses(platform).values()) == {IdhStatus.INDETERMINATE}


def test_p07_a_cancelled_report_withdraws_its_label(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    assert [chosen for _, chosen in linked(platform, report()).values()] == [True]
    assert list(linked(platform, report(version=2, report_status="cancelled")).values()) == [("W_CANCELLED", False)]


def test_p07_a_report_reassigned_to_another_patient_moves_the_label(platform: Platform) -> None:
    first, second = add_study(platform, "s1", SURGERY, "p1"), add_study(platform, "s2", SURGERY, "p2")
    assert linked(platform, report()) == {first: ("OK", True)}
    assert linked(platform, report(version=2, patient_id="p2")) == {second: ("OK", True)}


def test_p08_the_latest_version_counts_however_late_the_others_arrive(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(version=2), report(version=2))
    linked(platform, report(version=1, assays=MUTANT))
    linked(platform, report(version=2))
    assert statuses(platform) == {("r1", 1): "mutant", ("r1", 2): "wildtype"}
    assert scalar(platform, "SELECT idh_status FROM idh.case_link WHERE chosen") == "wildtype"


def test_p08_a_stored_version_stays_when_it_arrives_again_with_different_content(platform: Platform) -> None:
    deliver(platform, report())
    deliver(platform, report(assays=MUTANT))
    assert statuses(platform) == {("r1", 1): "wildtype", ("r1", -1): "mutant"}
    deliver(platform, [*report(), *report(assays=MUTANT)])
    assert len(statuses(platform)) == 3


@pytest.mark.parametrize("name", ["O'Brien", "x'); DROP TABLE idh.report; --", "a\\b", "%(x)s :y"])
def test_p09_an_identifier_is_stored_literally(platform: Platform, name: str) -> None:
    deliver(platform, report(name, patient_id=name))
    assert list(statuses(platform)) == [(name, 1)]
    assert scalar(platform, "SELECT identifier FROM phi.patient_identity") == name


@pytest.mark.parametrize("left", [0, 2])
def test_p10_a_view_that_lost_most_of_its_rows_stops_the_night_before_training(
    platform: Platform, laboratory: Database, left: int
) -> None:
    fill_stand_in(laboratory, many(30))
    feed.load_reports(platform)
    remaining = f"SELECT DISTINCT report_id FROM idh_results LIMIT {left}"
    run_in_laboratory(platform, f"DELETE FROM idh_results WHERE report_id NOT IN ({remaining})")
    platform.pathology_drop.put("pathology/a.hl7", ORU.encode())
    with pytest.raises(RunRefusedError, match="E_FEED_DROP"):
        feed.load_reports(platform)
    assert len(statuses(platform)) == 31
    assert freeze.freeze_cohort(platform, force=True).reason.startswith("E_FEED_DROP")
    fill_stand_in(laboratory, many(30))
    feed.load_reports(platform)
    assert "E_FEED_DROP" not in freeze.freeze_cohort(platform, force=True).reason


def test_files_of_every_format_are_read_once_and_a_broken_one_is_held(platform: Platform) -> None:
    csv = ",".join(report()[0]) + "\n" + ",".join(str(v or "") for v in report("r3", patient_id="p3")[0].values())
    files = {
        "0.hl7": ORU.splitlines()[0] + "\nOBR|1\n",
        "a.hl7": ORU,
        "b.json": bundles.bundle(bundles.patient(), bundles.report()).decode(),
        "c.csv": csv,
        "merge 0099.hl7": A40,
        "x.xlsx": "no",
        "x.pdf": "",
    }
    for name, content in files.items():
        platform.pathology_drop.put(f"pathology/{name}", content.encode())
    platform = with_settings(platform, pathology_url=None)
    with pytest.raises(RunRefusedError, match=r"E_FEED: 2 .*E_FEED_FORMAT"):
        feed.load_reports(platform)
    assert sorted(statuses(platform)) == [("R1", 20180620101500), ("R1", 20190915153505), ("r3", 1)]
    assert scalar(platform, "SELECT count(*) FROM idh.merge_event") == 1
    assert quarantined_codes(platform) == {"E_FEED_FORMAT": 2, "W_UNREAD": 1}
    assert feed.load_reports(platform) == 0
    assert "0099" not in str(scalar(platform, "SELECT string_agg(f::text, ' ') FROM idh.feed_file f"))


def test_a_view_with_other_names_in_another_database_is_read_from_its_last_change(
    platform: Platform, tmp_path: Path
) -> None:
    path, mapping = tmp_path / "lis.db", tmp_path / "mapping.toml"
    mapping.write_text(
        'view = "befunde"\nchanged = "geaendert"\n[columns]\nreport_id = "BEFUND NR"\nresult = "Ergebnis"\n'
    )
    names = ["BEFUND NR", "version", "patient_id", "birth_date", "sex", "report_status", "diagnosis", "surgery_date",
             "method", "Ergebnis", "geaendert"]  # fmt: skip
    row = ["r1", 1, "p1", "1958-01-01", "w", "Endbefund", "Glioblastom", "01.06.2018", "IHC", "positiv",
           "2018-06-20 10:00:00"]  # fmt: skip
    with sqlite3.connect(path) as lis:
        lis.execute(f"CREATE TABLE befunde ({', '.join(f'{name!r}' for name in names)})")
        lis.execute(f"INSERT INTO befunde VALUES ({', '.join('?' * len(row))})", row)
    configured = with_settings(
        platform, issuer="H", pathology_url=SecretStr(f"sqlite:///{path}"), pathology_mapping=mapping
    )
    assert feed.load_reports(configured) == 1
    with sqlite3.connect(path) as lis:
        for number, day in (("old", "2018-05-01 00:00:00"), ("new", "2018-06-21 00:00:00")):
            lis.execute(f"INSERT INTO befunde VALUES ({', '.join('?' * len(row))})", [number, *row[1:-1], day])
    assert feed.load_reports(configured) == 1
    assert sorted(statuses(platform)) == [("new", 1), ("r1", 1)]


def test_l04_identifiers_are_normalised_and_leading_zeros_only_where_configured(platform: Platform) -> None:
    add_study(platform, "s", SURGERY, patient=" 00 12a")
    assert list(linked(platform, report(patient_id="0012A")).values()) == [("OK", True)]
    assert list(linked(platform, report("r2", patient_id="12A", assays=MUTANT)).values()) == [("OK", True)]
    rule = platform.settings.identifiers.model_copy(update={"leading_zeros": True})
    loose = with_settings(platform, identifiers=rule)
    assert loose.pseudonymiser.patient("H", "0012A") == loose.pseudonymiser.patient("h", "12a ")
    assert scalar(platform, "SELECT patient_id FROM phi.report_source WHERE report_id = 'r1'") == "0012A"


def test_a_merge_from_the_registry_and_its_reversal_take_effect(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY, patient="0012")
    platform = with_settings(platform, pathology_url=None)
    assert linked(platform, report(patient_id="0099")) == {}
    for name, content, expected in (("a.hl7", A40, {study: ("OK", True)}), ("b.hl7", A37, {})):
        platform.pathology_drop.put(f"pathology/{name}", content.encode())
        feed.load_reports(platform)
        assert linked(platform) == expected
