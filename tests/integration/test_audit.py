"""The audit log is append-only, and a change by force breaks a chain of hashes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import ProgrammingError

from idh_tasks.db import audit
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.operate.audit import VerifiedLog, verify
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql


def events(platform: Platform, count: int) -> list[int]:
    for number in range(count):
        with platform.database.begin() as transaction:
            audit.record(transaction, "mary", "answered", f"review {number}", answer="mutant")
    return [row[0] for row in run_sql(platform, "SELECT event_id FROM idh.audit_event ORDER BY event_id")]


def as_intruder(platform: Platform, statement: str) -> None:
    """Run a statement with the triggers switched off, as only a superuser can."""
    run_sql(platform, f"SET session_replication_role = replica; {statement}")


def test_an_empty_log_is_valid(platform: Platform) -> None:
    assert verify(platform) == VerifiedLog(0, None)


def test_each_event_is_chained_when_its_transaction_commits(platform: Platform) -> None:
    events(platform, 3)
    first = verify(platform)
    events(platform, 1)
    second = verify(platform)
    assert (first.events, second.events) == (3, 4)
    assert first.head != second.head


def test_an_event_of_a_failed_transaction_leaves_no_link(platform: Platform) -> None:
    def failing() -> None:
        with platform.database.begin() as transaction:
            audit.record(transaction, "mary", "answered", "review")
            raise LookupError

    with pytest.raises(LookupError):
        failing()
    assert verify(platform).events == 0


def test_concurrent_writers_make_one_chain(platform: Platform) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: events(platform, 5), range(8)))
    assert verify(platform).events == 40


@pytest.mark.parametrize("statement", ["UPDATE idh.audit_event SET actor = 'eve'", "DELETE FROM idh.audit_chain"])
def test_not_even_the_owner_can_change_it_by_mistake(platform: Platform, statement: str) -> None:
    events(platform, 1)
    with pytest.raises(ProgrammingError, match="append-only"):
        run_sql(platform, statement)


@pytest.mark.parametrize("column", ["actor = 'eve'", "subject = 'other'", "detail = '{}'", "occurred_at = now()"])
def test_a_changed_event_is_named(platform: Platform, column: str) -> None:
    second = events(platform, 4)[1]
    as_intruder(platform, f"UPDATE idh.audit_event SET {column} WHERE event_id = {second}")
    with pytest.raises(RunRefusedError, match=rf"E_AUDIT: event {second}: the event or its link was changed"):
        verify(platform)


def test_a_removed_event_is_named(platform: Platform) -> None:
    second = events(platform, 4)[1]
    as_intruder(platform, f"DELETE FROM idh.audit_event WHERE event_id = {second}")
    with pytest.raises(RunRefusedError, match=rf"event {second}: the event was removed"):
        verify(platform)


def test_an_event_removed_with_its_link_breaks_the_next_link(platform: Platform) -> None:
    _, second, third, _ = events(platform, 4)
    as_intruder(
        platform,
        f"DELETE FROM idh.audit_event WHERE event_id = {second}; DELETE FROM idh.audit_chain WHERE event_id = {second}",
    )
    with pytest.raises(RunRefusedError, match=rf"event {third}: the event or its link was changed"):
        verify(platform)


def test_an_inserted_event_without_a_link_is_named(platform: Platform) -> None:
    events(platform, 2)
    as_intruder(platform, "INSERT INTO idh.audit_event (actor, action, subject) VALUES ('eve', 'approved', 'x')")
    with pytest.raises(RunRefusedError, match="the event has no link"):
        verify(platform)
