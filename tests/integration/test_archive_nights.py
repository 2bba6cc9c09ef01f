"""Nights against an archive in which everything happens that happens in a year; an oracle judges what became of it.

`make archive` plays a whole year against 100,000 studies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

import pytest

from idh_tasks.pipelines.platform import Platform
from tests.database import empty
from tests.integration.test_link import deliver
from tests.pacs_table import oracle
from tests.pacs_table.connected import MOST_ASSOCIATIONS, connected
from tests.pacs_table.events import Archive, Script
from tests.pacs_table.feed import change_feed
from tests.pacs_table.fill import Size, fill
from tests.pacs_table.nights import Replay
from tests.pacs_table.oracle import Account
from tests.pacs_table.reports import reports_of
from tests.pacs_table.server import TablePacs
from tests.pacs_table.table import Table

FIRST_NIGHT = date(2026, 3, 1)
SIZE = Size(studies=240, cohort=8, brains=24)
SCRIPT = Script(nights=16, studies_a_day=3, every=1, away={6: 2}, late=frozenset({9}), tail=5)
GRACE = 4
LISTED_AT_ONCE = 100


@dataclass(frozen=True)
class Played:
    """A replay with what the oracle needs."""

    replay: Replay
    facts: oracle.Facts
    platform: oracle.Platform

    def __repr__(self) -> str:
        return "Played()"


@pytest.fixture(scope="module")
def played(shared_platform: Platform) -> Iterator[Played]:
    """Play the nights once for all tests of this file."""
    empty(shared_platform)
    table = Table()
    fill(table, SIZE, FIRST_NIGHT)
    deliver(shared_platform, reports_of(table.studies("cohort = 1")))
    pacs = TablePacs(table, limit=LISTED_AT_ONCE)
    pacs.start()
    with change_feed(table) as feed:
        platform = connected(shared_platform, pacs, feed)
        replay = Replay(platform, Archive(table, FIRST_NIGHT), pacs, feed, SCRIPT)
        replay.play()
        facts = replay.facts(GRACE)
        yield Played(replay, facts, replay.state(facts))
    pacs.stop()


def test_only_nights_in_which_the_archive_may_not_be_read_are_refused(played: Played) -> None:
    away = {number for number in range(SCRIPT.nights) if SCRIPT.is_away(number)}
    assert away <= set(played.replay.refused) <= away | SCRIPT.late


@pytest.mark.parametrize(
    "event",
    [
        "there before",
        "new",
        "grown",
        "resent",
        "corrected id",
        "merged patients",
        "shrunken",
        "late import",
        "silent late import",
        "future date",
        "silent future date",
        "missing date",
    ],
)
def test_every_eligible_study_is_found(played: Played, event: str) -> None:
    assert oracle.eligible(played.facts)[event] > 0
    assert oracle.missed(played.facts, played.platform)[event] == 0


def test_no_other_part_of_the_body_is_retrieved(played: Played) -> None:
    assert oracle.other_bodies(played.facts, played.replay.pacs.records.sent) == set()


def test_no_series_of_no_use_is_retrieved(played: Played) -> None:
    assert oracle.of_no_use(played.facts, played.replay.pacs.records.sent) == set()


def test_every_study_is_filed_under_the_patient_of_the_archive(played: Played) -> None:
    assert oracle.misfiled(played.facts, played.platform) == set()


def test_every_instance_is_accounted_for(played: Played) -> None:
    accounts = oracle.accounts(played.facts, played.platform)
    assert {event: count for (account, event), count in accounts.items() if account is Account.LOST} == {}


def test_a_night_costs_what_is_new(played: Played) -> None:
    assert oracle.repeated(played.facts, played.replay.sent_by_night()) == {}


def test_all_workers_together_keep_the_limit_of_associations(played: Played) -> None:
    assert 0 < played.replay.pacs.records.peak <= MOST_ASSOCIATIONS


def test_nothing_is_retrieved_outside_of_the_hours(played: Played) -> None:
    assert played.replay.pacs.records.outside(time(20), time(6)) == []
