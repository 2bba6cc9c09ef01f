"""The laboratory's feed on a real PostgreSQL and a real bucket: nothing lost, nothing half, nothing guessed."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from idh_airflow.defaults import DEFAULT_ARGS
from pydantic import SecretStr
from sqlalchemy import text

from idh_tasks.db import pathology
from idh_tasks.db.engine import Database
from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.pipelines.link import feed
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import freeze
from tests.integration.test_link import SURGERY, WILDTYPE, add_study, deliver, linked, report
from tests.unit.linkage.feed.test_files import A37, A40, ORU, bundle

MUTANT = (("IDH1 R132H IHC", "positive"),)


def statuses(platform: Platform) -> dict[tuple[str, int], str]:
    with platform.database.begin() as transaction:
        listing = (
            "SELECT report_id, version, idh_status FROM idh.report JOIN phi.report_source USING (report_key, version)"
        )
        rows = transaction._connection.execute(text(listing)).all()
    return {(row.report_id, row.version): row.idh_status for row in rows}


def scalar(database: Database, statement: str) -> Any:
    with database.begin() as transaction:
        return transaction._connection.execute(text(statement)).scalar()


def execute(database: Database, statement: str) -> None:
    with database.begin() as transaction:
        transaction._connection.execute(text(statement))


def held(platform: Platform) -> dict[str, int]:
    with platform.database.begin() as transaction:
        return {row["code"]: row["items"] for row in transaction.rows("quarantine/count_quarantine")}


def many(count: int) -> list[dict[str, Any]]:
    return [row for n in range(count) for row in report(f"r{n}", patient_id=f"p{n}")]


def with_settings(platform: Platform, **changes: Any) -> Platform:
    return Platform(platform.settings.model_copy(update=changes))


def test_the_view_is_read_and_reading_it_again_changes_nothing(platform: Platform, laboratory: Database) -> None:
    pathology.write_laboratory(laboratory, many(3))
    assert feed.load_reports(platform) == 3
    assert feed.load_reports(platform) == 0
    assert set(statuses(platform).values()) == {IdhStatus.WILDTYPE}


@pytest.fixture
def breaking_insert(platform: Platform) -> Iterator[None]:
    """Let the database end the connection in the midst of a load, as a failover does."""
    body = "BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END"
    execute(platform.database, f"CREATE FUNCTION idh.fail_over() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    each = "AFTER INSERT ON idh.assay FOR EACH ROW EXECUTE FUNCTION idh.fail_over()"
    execute(platform.database, f"CREATE TRIGGER fail_over {each}")
    yield
    execute(platform.database, "DROP FUNCTION idh.fail_over CASCADE")


def test_p01_a_failover_in_the_midst_leaves_nothing_and_a_retry_takes_all(
    platform: Platform, laboratory: Database, breaking_insert: None
) -> None:
    pathology.write_laboratory(laboratory, many(5))
    with pytest.raises(TransientError, match="E_DATABASE"):
        feed.load_reports(platform)
    assert statuses(platform) == {}
    execute(platform.database, "DROP TRIGGER fail_over ON idh.assay")
    assert feed.load_reports(platform) == 5


def test_p01_a_read_only_database_is_tried_again(platform: Platform) -> None:
    execute(platform.database, "ALTER DATABASE idh SET default_transaction_read_only = on")
    try:
        with pytest.raises(TransientError, match="E_DATABASE"):
            deliver(platform, report())
    finally:
        execute(platform.database, "SET TRANSACTION READ WRITE; ALTER DATABASE idh RESET default_transaction_read_only")
    assert statuses(platform) == {}


def test_p02_of_two_transactions_in_a_deadlock_one_is_tried_again_and_nothing_is_lost(platform: Platform) -> None:
    deliver(platform, many(2))
    mine, hers = (
        f"UPDATE idh.report SET evidence = evidence || '+' WHERE patient_key = '{patient}'"
        for patient in (platform.pseudonymiser.patient("H", name) for name in ("p0", "p1"))
    )
    both = Barrier(2)

    def work(*statements: str) -> str:
        try:
            with platform.database.begin() as transaction:
                transaction._connection.execute(text(statements[0]))
                both.wait()
                transaction._connection.execute(text(statements[1]))
        except TransientError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(work, mine, hers), pool.submit(work, hers, mine)
        found = sorted((first.result(), second.result()))
    assert found[1] == "done"
    assert "E_DATABASE" in found[0]
    assert "40P01" in found[0]
    assert scalar(platform.database, "SELECT count(*) FROM idh.report WHERE evidence LIKE '%+'") == 2
    assert DEFAULT_ARGS["retries"] <= 5
    assert DEFAULT_ARGS["retry_exponential_backoff"]


def test_p03_a_column_that_is_gone_stops_the_feed_by_its_name(platform: Platform, laboratory: Database) -> None:
    pathology.write_laboratory(laboratory, many(2))
    feed.load_reports(platform)
    execute(laboratory, "ALTER TABLE idh_results RENAME COLUMN result TO ergebnis")
    try:
        with pytest.raises(RunRefusedError, match=r"E_SCHEMA.*result"):
            feed.load_reports(platform)
    finally:
        execute(laboratory, "ALTER TABLE idh_results RENAME COLUMN ergebnis TO result")
    assert set(statuses(platform).values()) == {IdhStatus.WILDTYPE}


def test_files_are_read_where_the_view_is_broken(platform: Platform) -> None:
    platform.pathology_drop.put("pathology/a.hl7", ORU.encode())
    broken = with_settings(platform, pathology_url=SecretStr("sqlite:////nowhere/lis.db"))
    with pytest.raises(TransientError, match="E_LABORATORY"):
        feed.load_reports(broken)
    assert list(statuses(platform)) == [("R1", 20180620101500)]


@pytest.mark.parametrize("words", ["not mutated", "R132H neg, seq pending", "NOS", "negatve", "", None])
def test_p04_a_text_that_is_not_in_the_table_is_no_label(platform: Platform, words: str | None) -> None:
    add_study(platform, "s", SURGERY)
    found = linked(platform, report(assays=(*WILDTYPE[:2], ("IDH2 sequencing", words))))
    assert [code for code, _ in found.values()] == ["OK"]
    assert set(statuses(platform).values()) == {IdhStatus.INDETERMINATE}


def test_p07_a_cancelled_report_takes_its_label_away(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    assert [chosen for _, chosen in linked(platform, report()).values()] == [True]
    assert list(linked(platform, report(version=2, report_status="cancelled")).values()) == [("W_CANCELLED", False)]


def test_p07_a_specimen_that_was_another_patients_moves_the_label(platform: Platform) -> None:
    mine, hers = add_study(platform, "s1", SURGERY, "p1"), add_study(platform, "s2", SURGERY, "p2")
    assert linked(platform, report()) == {mine: ("OK", True)}
    assert linked(platform, report(version=2, patient_id="p2")) == {hers: ("OK", True)}


def test_p08_late_and_repeated_versions_do_not_win(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(version=2), report(version=2))
    linked(platform, report(version=1, assays=MUTANT))
    linked(platform, report(version=2))
    assert statuses(platform) == {("r1", 1): "mutant", ("r1", 2): "wildtype"}
    assert scalar(platform.database, "SELECT idh_status FROM idh.case_link WHERE chosen") == "wildtype"


def test_p08_a_version_that_comes_with_other_content_is_a_conflict_and_the_first_one_stays(platform: Platform) -> None:
    deliver(platform, report())
    deliver(platform, report(assays=MUTANT))
    assert statuses(platform) == {("r1", 1): "wildtype"}
    assert held(platform) == {"E_REPORT_CONFLICT": 1}


@pytest.mark.parametrize("name", ["O'Brien", "x'); DROP TABLE idh.report; --", "a\\b", "%(x)s :y"])
def test_p09_an_identifier_is_stored_as_it_is(platform: Platform, name: str) -> None:
    deliver(platform, report(name, patient_id=name))
    assert list(statuses(platform)) == [(name, 1)]
    assert scalar(platform.database, "SELECT identifier FROM phi.patient_identity") == name


@pytest.mark.parametrize("left", [0, 2])
def test_p10_a_view_that_lost_most_of_its_rows_stops_the_night_before_training(
    platform: Platform, laboratory: Database, left: int
) -> None:
    pathology.write_laboratory(laboratory, many(30))
    feed.load_reports(platform)
    kept = f"SELECT DISTINCT report_id FROM idh_results LIMIT {left}"
    execute(laboratory, f"DELETE FROM idh_results WHERE report_id NOT IN ({kept})")
    platform.pathology_drop.put("pathology/a.hl7", ORU.encode())
    with pytest.raises(RunRefusedError, match="E_FEED_DROP"):
        feed.load_reports(platform)
    assert len(statuses(platform)) == 31
    assert freeze.freeze_cohort(platform, force=True).reason.startswith("E_FEED_DROP")
    pathology.write_laboratory(laboratory, many(30))
    feed.load_reports(platform)
    assert "E_FEED_DROP" not in freeze.freeze_cohort(platform, force=True).reason


def test_files_of_all_kinds_are_read_once_and_a_broken_one_is_held(platform: Platform) -> None:
    csv = ",".join(report()[0]) + "\n" + ",".join(str(v or "") for v in report("r3", patient_id="p3")[0].values())
    files = {
        "0.hl7": ORU.splitlines()[0] + "\nOBR|1\n",
        "a.hl7": ORU,
        "b.json": bundle().decode(),
        "c.csv": csv,
        "merge 0099.hl7": A40,
        "x.xlsx": "no",
        "x.txt": "",
    }
    for name, content in files.items():
        platform.pathology_drop.put(f"pathology/{name}", content.encode())
    platform = with_settings(platform, pathology_url=None)
    with pytest.raises(RunRefusedError, match=r"E_FEED: 2 .*E_FEED_FORMAT"):
        feed.load_reports(platform)
    assert sorted(statuses(platform)) == [("R1", 3), ("R1", 20180620101500), ("r3", 1)]
    assert scalar(platform.database, "SELECT count(*) FROM idh.merge_event") == 1
    assert held(platform) == {"E_FEED_FORMAT": 2}
    assert feed.load_reports(platform) == 0
    assert "0099" not in str(scalar(platform.database, "SELECT string_agg(f::text, ' ') FROM idh.feed_file f"))


def test_a_view_of_other_names_in_another_database_read_from_its_last_change(
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
    theirs = with_settings(
        platform, issuer="H", pathology_url=SecretStr(f"sqlite:///{path}"), pathology_mapping=mapping
    )
    assert feed.load_reports(theirs) == 1
    with sqlite3.connect(path) as lis:
        for number, day in (("old", "2018-05-01 00:00:00"), ("new", "2018-06-21 00:00:00")):
            lis.execute(f"INSERT INTO befunde VALUES ({', '.join('?' * len(row))})", [number, *row[1:-1], day])
    assert feed.load_reports(theirs) == 1
    assert sorted(statuses(platform)) == [("new", 1), ("r1", 1)]


def test_l04_identifiers_are_normalised_once_and_zeros_only_where_configured(platform: Platform) -> None:
    add_study(platform, "s", SURGERY, patient=" 00 12a")
    assert list(linked(platform, report(patient_id="0012A")).values()) == [("OK", True)]
    assert list(linked(platform, report("r2", patient_id="12A", assays=MUTANT)).values()) == [("OK", True)]
    rule = platform.settings.identifiers.model_copy(update={"leading_zeros": True})
    loose = with_settings(platform, identifiers=rule)
    assert loose.pseudonymiser.patient("H", "0012A") == loose.pseudonymiser.patient("h", "12a ")
    assert scalar(platform.database, "SELECT patient_id FROM phi.report_source WHERE report_id = 'r1'") == "0012A"


def test_a_merge_and_its_undoing_from_the_registry(platform: Platform) -> None:
    study = add_study(platform, "s", SURGERY, patient="0012")
    platform = with_settings(platform, pathology_url=None)
    assert linked(platform, report(patient_id="0099")) == {}
    for name, content, expected in (("a.hl7", A40, {study: ("OK", True)}), ("b.hl7", A37, {})):
        platform.pathology_drop.put(f"pathology/{name}", content.encode())
        feed.load_reports(platform)
        assert linked(platform) == expected
