"""Nights against an archive of 2,000 studies in which everything happens that happens in a year; an oracle judges.

`make archive` plays a whole year against 100,000 studies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from idh_tasks.pipelines.platform import Platform
from tests.database import empty
from tests.integration.test_link import deliver
from tests.pacs_table import oracle
from tests.pacs_table.events import Archive, Script
from tests.pacs_table.feed import change_feed
from tests.pacs_table.fill import Size, fill
from tests.pacs_table.nights import Replay
from tests.pacs_table.oracle import Account
from tests.pacs_table.reports import reports_of
from tests.pacs_table.server import TablePacs
from tests.pacs_table.table import Table

FIRST_NIGHT = date(2026, 3, 1)
SIZE = Size(studies=500, cohort=8, brains=16)
SCRIPT = Script(nights=15, studies_a_day=3, every=1, away={6: 2}, tail=6)
GRACE = 4
LISTED_AT_ONCE = 100


@dataclass(frozen=True)
class Played:
    """A replay with what the oracle needs."""

    replay: Replay
    facts: oracle.Facts
    platform: oracle.Platform


@pytest.fixture(scope="module")
def played(shared_platform: Platform) -> Iterator[Played]:
    """Play the nights once for all tests of this file."""
    empty(shared_platform)
    table = Table()
    fill(table, SIZE, FIRST_NIGHT)
    pacs = TablePacs(table, limit=LISTED_AT_ONCE)
    pacs.start()
    platform = Platform(shared_platform.settings.model_copy(update={"pacs": pacs.settings}))
    deliver(platform, reports_of(table.studies("cohort = 1")))
    with change_feed(table) as feed:
        replay = Replay(platform, Archive(table, FIRST_NIGHT), pacs, feed, SCRIPT)
        replay.play()
        facts = replay.facts(GRACE)
        yield Played(replay, facts, replay.state(facts))
    pacs.stop()


def test_only_nights_without_an_archive_are_refused(played: Played) -> None:
    away = {number for number in range(SCRIPT.nights) if SCRIPT.is_away(number)}
    assert set(played.replay.refused) == away


def test_every_eligible_study_is_found(played: Played) -> None:
    assert oracle.missed(played.facts, played.platform) == {}


def test_nothing_outside_the_filter_is_retrieved(played: Played) -> None:
    assert oracle.outside(played.facts, played.replay.pacs.records.sent) == set()


def test_every_study_is_filed_under_the_patient_of_the_archive(played: Played) -> None:
    assert oracle.misfiled(played.facts, played.platform) == set()


def test_every_instance_is_accounted_for(played: Played) -> None:
    accounts = oracle.accounts(played.facts, played.platform)
    assert {event: count for (account, event), count in accounts.items() if account is Account.LOST} == {}


def test_a_night_costs_what_is_new(played: Played) -> None:
    assert oracle.repeated(played.facts, played.replay.sent_by_night()) == {}
