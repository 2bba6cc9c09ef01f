"""Plays a year of nights against an archive of 100,000 studies, and prints what was found, taken and listed.

The archive is a real SCP over a table (tests/pacs_table), the services are those of `make up`. An oracle that knows
only the table and the script judges. It ends with 1 if an eligible study was not found, anything outside of the filter
or the hours was retrieved, a limit was passed, a listing grows with the archive, or an instance is not accounted for.
"""

import argparse
import gc
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, time
from pathlib import Path
from time import monotonic

from idh_tasks.domain.role import Role
from idh_tasks.linkage.feed.rows import read_rows
from idh_tasks.local import up
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import IDH
from idh_tasks.night_settings import ListingSettings
from idh_tasks.pipelines.link.store_feed import store_content
from idh_tasks.pipelines.platform import Platform
from tests.database import empty, run_sql
from tests.pacs_table import oracle
from tests.pacs_table.connected import HOURS, LISTING, MOST_ASSOCIATIONS, connected
from tests.pacs_table.events import Archive, Script
from tests.pacs_table.feed import change_feed
from tests.pacs_table.fill import Size, fill
from tests.pacs_table.kinds import OTHERS
from tests.pacs_table.nights import Replay
from tests.pacs_table.oracle import Account
from tests.pacs_table.reports import reports_of
from tests.pacs_table.server import TablePacs
from tests.pacs_table.table import Table
from tests.pacs_table.workers import connections_are_kept

FIRST_NIGHT = date(2025, 3, 1)
QUERY_LIMIT = 500
ROUND = ListingSettings(slice_days=1000)
"""A round of the full listing of 100,000 studies of 15 years takes 25 nights."""
GRACE = 30
"""Nights after which a change must be known: a round of the full listing."""
FLAT = 1.2
"""How much more a night may list in an archive ten times as large."""
TOLD = tuple(kind for kind in OTHERS if kind.region == "body" and all(kind.descriptions))
"""Kinds of study that their description excludes, so that their series need not be asked for."""
QUIET = Script(nights=6, studies_a_day=18, every=99, away={}, late=frozenset(), tail=0)
WITHOUT_WAITING = f"ALTER DATABASE {IDH} SET synchronous_commit = off"
"""The table of a server that dies is not judged, so that no commit has to wait for the disk."""
TOLD_EVERY = 10
FIRST_JUDGED = 2
"""Nights before are those in which the platform gets to know the archive."""


@dataclass(frozen=True)
class Line:
    """A line of the table: a figure, what it must be, and whether it is."""

    name: str
    figure: str
    wanted: str
    ok: bool


def main() -> None:
    """Print the table; exit with 1 if a line is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=Size().studies)
    parser.add_argument("--nights", type=int, default=Script().nights)
    asked = parser.parse_args()
    connections_are_kept()
    ok = True
    with services() as platform:
        for line in report(platform, asked.studies, asked.nights):
            sys.stdout.write(f"{'ok   ' if line.ok else 'WRONG'}  {line.name}: {line.figure} (wanted: {line.wanted})\n")
            sys.stdout.flush()
            ok &= line.ok
    sys.exit(not ok)


def report(platform: Platform, studies: int, nights: int) -> Iterator[Line]:
    """Yield the lines of the table."""
    yield from listing(platform, studies)
    yield from year(platform, Size().of(studies), nights)


@contextmanager
def services() -> Iterator[Platform]:
    """Run PostgreSQL and S3 in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="idh-", ignore_cleanup_errors=True) as folder:
        installation = Installation(Path(folder))
        try:
            up.services_up(installation, lambda _: None)
            platform = Platform(up.settings(installation, Role.OWNER))
            run_sql(platform, WITHOUT_WAITING)
            yield platform
        finally:
            up.down(installation, lambda _: None)


@contextmanager
def replayed(platform: Platform, size: Size, script: Script, by: ListingSettings) -> Iterator[Replay]:
    """Play a script against a new archive, with an empty platform."""
    empty(platform)
    table = Table()
    fill(table, size, FIRST_NIGHT)
    with platform.database.begin() as transaction:
        store_content(platform, transaction, read_rows(reports_of(table.studies("cohort = 1"))))
    pacs = TablePacs(table, limit=QUERY_LIMIT)
    pacs.start()
    try:
        with change_feed(table) as feed:
            replay = Replay(connected(platform, pacs, feed, by), Archive(table, FIRST_NIGHT), pacs, feed, script)
            _play(replay, size.studies)
            yield replay
    finally:
        pacs.stop()


def _play(replay: Replay, studies: int) -> None:
    gc.freeze()  # the simulated PACS collects garbage often, and the archive is none
    began = monotonic()
    for night in replay.nights():
        if night % TOLD_EVERY == 0 or night == 1:
            elapsed = f"{monotonic() - began:,.0f} s"
            sys.stderr.write(f"{studies:,} studies: night {night} of {replay.script.nights}, {elapsed}\n")


def year(platform: Platform, size: Size, nights: int) -> Iterator[Line]:
    """Yield what the oracle says of a year of nights."""
    with replayed(platform, size, Script(nights=nights), ROUND) as replay:
        facts, records = replay.facts(GRACE), replay.pacs.records
        state = replay.state(facts)
    eligible, missed = oracle.eligible(facts).total(), oracle.missed(facts, state)
    found = eligible - missed.total()
    yield Line("eligible studies found", f"{found} of {eligible}{_by(missed)}", "all", found == eligible > 0)
    for name, taken in (("other bodies", oracle.other_bodies), ("series of no use", oracle.of_no_use)):
        yield _none(f"instances retrieved of {name}", len(taken(facts, records.sent)))
    yield _none("studies under another patient", len(oracle.misfiled(facts, state)))
    yield _none("instances retrieved again without a change", oracle.repeated(facts, replay.sent_by_night()).total())
    within = records.peak <= MOST_ASSOCIATIONS
    yield Line("associations at one time", str(records.peak), f"at most {MOST_ASSOCIATIONS}", within)
    yield _none(f"retrieves outside of {HOURS}", len(records.outside(time(20), time(6))))
    yield from _accounts(oracle.accounts(facts, state))


def _accounts(accounts: Counter[tuple[Account, str]]) -> Iterator[Line]:
    for account in Account:
        by_event = Counter({event: count for (one, event), count in accounts.items() if one is account})
        if account is Account.LOST:
            yield _none(f"instances {account}{_by(by_event)}", by_event.total())
        else:
            yield Line(f"instances {account}", f"{by_event.total():,}", "any", ok=True)


def listing(platform: Platform, studies: int) -> Iterator[Line]:
    """Yield how much a night lists, in two archives of which one has ten times the history of the other."""
    few, many = (_listed_per_night(platform, size) for size in (studies // 10, studies))
    for name, little, much in zip(("rows listed", "queries asked"), few, many, strict=True):
        figures = f"{little:,.0f} at {studies // 10:,} studies, {much:,.0f} at {studies:,} studies"
        yield Line(f"{name} per night", figures, f"at most {FLAT} times as many", much <= FLAT * little)


def _listed_per_night(platform: Platform, studies: int) -> tuple[float, float]:
    """Return the rows and the queries of a night."""
    size = replace(Size().of(studies), cohort=0, brains=0, others=TOLD)  # what is retrieved does not count here
    with replayed(platform, size, QUIET, LISTING) as replay:
        nights = range(FIRST_JUDGED, QUIET.nights)
        asked = [one for one in replay.pacs.records.queries if one.night in nights and one.level == "STUDY"]
    return sum(query.rows for query in asked) / len(nights), len(asked) / len(nights)


def _none(name: str, count: int) -> Line:
    return Line(name, f"{count:,}", "0", count == 0)


def _by(events: Counter[str]) -> str:
    told = ", ".join(f"{count:,} {event}" for event, count in events.most_common())
    return f" ({told})" if told else ""


if __name__ == "__main__":
    main()
