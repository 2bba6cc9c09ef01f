"""The audit log is append-only, and a change by force breaks a chain of hashes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import ProgrammingError

from idh_tasks.db import audit
from idh_tasks.errors import RunRefusedError
from idh_tasks.local import seaweed
from idh_tasks.local.installation import Installation
from idh_tasks.local.store_identities import Identity
from idh_tasks.pipelines.ingest.night import ingest
from idh_tasks.pipelines.link.cases import link_cases
from idh_tasks.pipelines.operate.audit import VerifiedLog, verify
from idh_tasks.pipelines.platform import Platform, record_audit_head
from idh_tasks.store.objects import ObjectStore
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
    assert verify(platform) == VerifiedLog(0, None, 0)


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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE idh.audit_event SET actor = 'eve'",
        "DELETE FROM idh.audit_chain",
        "TRUNCATE idh.audit_event CASCADE",
        "TRUNCATE idh.audit_chain",
    ],
)
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


CUT_OFF = """
    DELETE FROM idh.audit_chain WHERE event_id IN (SELECT event_id FROM idh.audit_event ORDER BY event_id DESC LIMIT 2);
    DELETE FROM idh.audit_event WHERE event_id IN (SELECT event_id FROM idh.audit_event ORDER BY event_id DESC LIMIT 2)
"""
REPLACED = """
    UPDATE idh.audit_event SET actor = 'eve' WHERE subject = 'review 1';
    TRUNCATE idh.audit_chain RESTART IDENTITY;
    DO $$
    DECLARE
        event idh.audit_event;
        previous bytea;
    BEGIN
        FOR event IN SELECT * FROM idh.audit_event ORDER BY event_id LOOP
            previous := idh.audit_hash(previous, event);
            INSERT INTO idh.audit_chain (event_id, hash) VALUES (event.event_id, previous);
        END LOOP;
    END
    $$
"""
EMPTIED = "TRUNCATE idh.audit_event, idh.audit_chain RESTART IDENTITY"
FORGERIES = {"cut off": CUT_OFF, "replaced": REPLACED, "emptied": EMPTIED}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_log_with_a_valid_chain_lacks_the_head_in_the_object_store(platform: Platform, forgery: str) -> None:
    events(platform, 4)
    record_audit_head(platform)
    as_intruder(platform, FORGERIES[forgery])
    with platform.database.begin() as transaction:
        assert audit.chain(transaction).fault is None, "the forgery is invisible in the database"
    with pytest.raises(RunRefusedError, match="E_AUDIT: the log does not contain the head that was recorded"):
        verify(platform)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_it_stays_found_when_the_log_grows_and_further_heads_are_recorded(platform: Platform, forgery: str) -> None:
    events(platform, 4)
    record_audit_head(platform)
    as_intruder(platform, FORGERIES[forgery])
    events(platform, 5)
    record_audit_head(platform)
    with pytest.raises(RunRefusedError, match="E_AUDIT"):
        verify(platform)


def test_a_log_that_has_grown_contains_its_earlier_heads(platform: Platform) -> None:
    for _ in range(3):
        events(platform, 2)
        record_audit_head(platform)
        record_audit_head(platform)
    assert verify(platform).recorded_heads == 3, "a head is recorded once"


def test_nothing_is_recorded_of_an_empty_log(platform: Platform) -> None:
    record_audit_head(platform)
    assert verify(platform).recorded_heads == 0


def test_every_night_of_ingest_and_every_linking_records_the_head(platform: Platform) -> None:
    ingest(platform, ("bucket",))
    assert verify(platform).recorded_heads == 1
    link_cases(platform)
    assert verify(platform).recorded_heads == 2


def test_a_foreign_object_among_the_heads_is_refused(platform: Platform) -> None:
    platform.store.put("audit/note.txt", b"nothing happened")
    with pytest.raises(RunRefusedError, match="E_AUDIT: an object below audit/"):
        verify(platform)


def test_the_platform_can_neither_delete_a_head_nor_can_training_add_one(
    platform: Platform, installation: Installation
) -> None:
    events(platform, 1)
    record_audit_head(platform)
    [head] = platform.store.listed("audit/")
    for identity in (Identity.PLATFORM, Identity.TRAINING, Identity.PAGES):
        store = ObjectStore(seaweed.settings(installation, identity))
        with pytest.raises(RunRefusedError, match="E_STORE_AUTH"):
            store.delete(head.key)
    with pytest.raises(RunRefusedError, match="E_STORE_AUTH"):
        ObjectStore(seaweed.settings(installation, Identity.TRAINING)).put(head.key, b"{}")
