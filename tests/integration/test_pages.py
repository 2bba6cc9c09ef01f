"""What the pages of the Airflow UI read from the database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idh_tasks.codes import Code
from idh_tasks.db import feed, nights, quarantine
from idh_tasks.db.feed import FeedReading, FeedSource
from idh_tasks.db.nights import NightBalance
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.operate.readmission import readmit
from idh_tasks.pipelines.pages.events import EventFilter, events
from idh_tasks.pipelines.pages.held import held
from idh_tasks.pipelines.pages.label import label_history
from idh_tasks.pipelines.pages.listing import SIZE
from idh_tasks.pipelines.pages.lookup import find_studies
from idh_tasks.pipelines.pages.networks import networks
from idh_tasks.pipelines.pages.studies import StudyFilter, studies
from idh_tasks.pipelines.pages.study import study
from idh_tasks.pipelines.pages.tonight import NIGHTS, tonight
from idh_tasks.pipelines.pages.waiting import waiting
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.freeze import freeze_cohort
from tests.database import run_sql
from tests.integration.test_link import SURGERY, add_study, linked, report
from tests.integration.test_review import UNCLEAR
from tests.seed import seed_cohort

MUTANTS, WILDTYPES = 2, 3


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    """Return a platform with labelled patients and their patches."""
    seed_cohort(platform, MUTANTS, WILDTYPES)
    return platform


def record_night(platform: Platform, source: str, new: int, flag: Code | None = None) -> None:
    with platform.database.begin() as transaction:
        nights.record_balance(transaction, NightBalance(source, new + 3, new, 3, 0, 0, 0), flag)


def hold(platform: Platform, subject: str, code: Code) -> None:
    with platform.database.begin() as transaction:
        quarantine.record(transaction, [QuarantineEntry(subject, "delivery", code, "a reason")])


def test_the_morning_shows_the_latest_balance_of_each_source_and_its_flag(platform: Platform) -> None:
    record_night(platform, "pacs", new=4)
    record_night(platform, "pacs", new=0, flag=Code.E_EMPTY_SUSPECT)
    record_night(platform, "bucket", new=2)
    morning = tonight(platform, datetime.now(UTC))
    assert {b.source: (b.new, b.flag) for b in morning.balances} == {
        "pacs": (0, Code.E_EMPTY_SUSPECT),
        "bucket": (2, None),
    }
    assert [alarm.code for alarm in morning.alarms()] == [Code.E_EMPTY_SUSPECT]


def test_the_morning_shows_what_each_stage_did_and_the_feed(cohort: Platform) -> None:
    with cohort.database.begin() as transaction:
        reading = FeedReading(
            source=FeedSource.LABORATORY, rows_there=9, reports_read=5, reports_new=4, held=1, flag=Code.E_FEED_DROP
        )
        feed.save_reading(transaction, reading)
    morning = tonight(cohort, datetime.now(UTC))
    assert (morning.tiles.came, morning.work.reports, morning.work.prepared) == (
        MUTANTS + WILDTYPES,
        4,
        MUTANTS + WILDTYPES,
    )
    assert [reading.rows_there for reading in morning.feed] == [9]
    assert [(alarm.source, alarm.code) for alarm in morning.alarms()] == [("laboratory", Code.E_FEED_DROP)]


def test_a_night_of_yesterday_is_in_the_bars_but_not_in_the_tiles(platform: Platform) -> None:
    record_night(platform, "pacs", new=4)
    morning = tonight(platform, datetime.now(UTC) + timedelta(days=1, minutes=1))
    assert morning.tiles.came == 0
    assert [night.new for night in morning.nights] == [0] * (NIGHTS - 2) + [4, 0]


def test_what_was_only_noted_is_not_held(platform: Platform) -> None:
    hold(platform, "a", Code.E_DECODE)
    hold(platform, "b", Code.W_CHARSET)
    assert tonight(platform, datetime.now(UTC)).tiles.held == 1
    assert [item.subject for item in held(platform, "", "", 1).listing.rows] == ["a"]


def test_held_items_are_counted_by_code_and_listed_by_page(platform: Platform) -> None:
    for number in range(SIZE + 1):
        hold(platform, f"{number:03}", Code.E_DECODE)
    hold(platform, "other", Code.E_ISSUER)
    first, second = held(platform, "E_DECODE", "", 1), held(platform, "E_DECODE", "", 2)
    assert {count.code: count.items for count in first.counts} == {Code.E_DECODE: SIZE + 1, Code.E_ISSUER: 1}
    assert (len(first.listing.rows), first.listing.more) == (SIZE, True)
    assert (len(second.listing.rows), second.listing.more) == (1, False)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (StudyFilter(), MUTANTS + WILDTYPES),
        (StudyFilter(label="mutant"), MUTANTS),
        (StudyFilter(label="none"), 0),
        (StudyFilter(with_patch="ADC"), MUTANTS + WILDTYPES),
        (StudyFilter(without_patch="ADC"), 0),
        (StudyFilter(vendor="none", study=""), MUTANTS + WILDTYPES),
        (StudyFilter(vendor="another"), 0),
        (StudyFilter(code="E_COVERAGE"), 0),
        (StudyFilter(study="zzz"), 0),
        (StudyFilter(study="%"), 0),
    ],
)
def test_studies_are_filtered(cohort: Platform, chosen: StudyFilter, expected: int) -> None:
    assert len(studies(cohort, chosen, 1).listing.rows) == expected


def test_a_study_shows_its_label_and_its_patches(cohort: Platform) -> None:
    [listed, *_] = studies(cohort, StudyFilter(label="mutant"), 1).listing.rows
    shown = study(cohort, listed.study_id)
    assert shown is not None
    assert [link.idh_status for link in shown.links if link.chosen] == ["mutant"]
    assert {patch.sequence for patch in shown.patches} >= {MrSequence.ADC, MrSequence.RCBV}
    assert not shown.predictions


def test_the_history_of_a_label_has_every_version_and_its_trainings(platform: Platform) -> None:
    seed_cohort(platform, mutants=5, wildtypes=10)
    [listed, *_] = studies(platform, StudyFilter(label="mutant"), 1).listing.rows
    history = label_history(platform, listed.study_id)
    assert [(version.idh_status, version.chosen) for version in history.versions] == [("mutant", True)]
    assert history.uses == []
    run = freeze_cohort(platform, force=True).run_id
    assert run is not None
    assert [(use.run_id, use.mutant) for use in label_history(platform, listed.study_id).uses] == [(run, True)]


def test_a_study_is_found_by_its_accession_number_and_only_who_asked_is_recorded(cohort: Platform) -> None:
    [first, second, *_] = [row.study_id for row in studies(cohort, StudyFilter(), 1).listing.rows]
    for study_id, uid in ((first, "1.2.3"), (second, "1.2.4")):
        run_sql(
            cohort,
            "INSERT INTO phi.study_identity VALUES (:study, :uid, 'Zebedee') ON CONFLICT (study_id) DO UPDATE "
            "SET study_instance_uid = :uid, accession_number = 'Zebedee'",
            study=study_id,
            uid=uid,
        )
    assert find_studies(cohort, "1.2.3", "mary") == [first]
    assert set(find_studies(cohort, "Zebedee", "mary")) == {first, second}
    assert find_studies(cohort, "%", "mary") == []
    asked = events(cohort, EventFilter(action="study looked up"))
    assert [(event.actor, event.subject, event.detail) for event in asked] == [
        ("mary", "studies", {"found": 0}),
        ("mary", "studies", {"found": 2}),
        ("mary", first, {"found": 1}),
    ]


def test_there_is_no_page_of_an_unknown_study(platform: Platform) -> None:
    assert study(platform, "0" * 24) is None


def test_open_questions_have_the_text_that_reviewers_see(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    [row] = waiting(platform, 1).rows
    assert row.text.title.startswith("Unclear wording")
    assert "Zebedee" not in row.text.body


def test_the_audit_is_filtered_and_continued_before_an_event(platform: Platform) -> None:
    run_sql(
        platform,
        "INSERT INTO idh.audit_event (actor, action, subject, detail) "
        "SELECT 'mary', 'answered', n::text, '{}' FROM generate_series(1, 3) AS n",
    )
    mine = events(platform, EventFilter(actor="mary"))
    assert [event.subject for event in mine] == ["3", "2", "1"]
    earlier = events(platform, EventFilter(actor="mary", before=mine[1].event_id))
    assert [event.subject for event in earlier] == ["1"]
    today = datetime.now(UTC).date()
    assert len(events(platform, EventFilter(actor="mary", since=today, until=today))) == 3
    assert events(platform, EventFilter(actor="mary", until=today - timedelta(days=1))) == []


def test_the_page_of_models_is_empty_before_the_first_training(platform: Platform) -> None:
    found = networks(platform)
    assert (found.rows, found.run_id, found.events) == ([], None, [])


def test_deliveries_without_an_outcome_are_listed_without_their_names(platform: Platform) -> None:
    run_sql(
        platform,
        "INSERT INTO phi.inbox (item_id, source, locator, fingerprint, position, state, code) VALUES "
        "('i', 'pacs', 'Zebedee', 'f', '1', 'failed', 'E_PACS'), ('j', 'pacs', 'y', 'f', '1', 'ingested', NULL)",
    )
    found = held(platform, "", "", 1).deliveries
    assert [(delivery.item_id, delivery.code) for delivery in found] == [("i", Code.E_PACS)]
    assert "Zebedee" not in repr(found)


def test_a_held_delivery_is_tried_again_by_name(platform: Platform) -> None:
    run_sql(
        platform,
        "INSERT INTO phi.inbox (item_id, source, locator, fingerprint, position, state, code, reason) "
        "VALUES ('i', 'bucket', 'x', 'f', '1', 'quarantined', 'E_DECODE', 'a reason')",
    )
    with platform.database.begin() as transaction:
        entry = QuarantineEntry("held", "delivery", Code.E_DECODE, "a reason", item_id="i")
        quarantine.record(transaction, [entry, replace(entry, subject="file", item_id=None)])
    assert [item.can_return for item in held(platform, "", "", 1).listing.rows] == [False, True]
    assert readmit(platform, ["held", "file", "unknown"], "mary") == 1
    assert run_sql(platform, "SELECT state, code FROM phi.inbox") == [("found", None)]
    assert [(e.action, e.subject) for e in events(platform, EventFilter(actor="mary"))] == [("readmitted", "held")]
    assert readmit(platform, ["held"], "mary") == 0
