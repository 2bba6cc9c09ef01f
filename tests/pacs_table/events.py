"""What happens in the archive while the platform is connected, as it happens in hospitals, a night at a time."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from tests.pacs_table.kinds import BRAIN, COHORT, OTHERS, Kind
from tests.pacs_table.make import dicom_date, make_series, make_study, one_series
from tests.pacs_table.rows import StudyRow
from tests.pacs_table.table import Table

FIRST_NUMBER = 1_000_000
"""Studies that arrive later are numbered from here."""


@dataclass(frozen=True)
class Happened:
    """One event for the oracle: which study it changed in which night, and what the archive no longer holds since."""

    night: int
    event: str
    study_uid: str
    gone: frozenset[str] = frozenset()


@dataclass
class Archive:
    """The archive in the course of time: its table, the day, and what has happened."""

    table: Table
    first_day: date
    rng: random.Random = field(default_factory=lambda: random.Random(1021))
    happened: list[Happened] = field(default_factory=list)
    night: int = 0
    _next: int = FIRST_NUMBER

    @property
    def today(self) -> date:
        """Return the day."""
        return self.first_day + timedelta(days=self.night)

    def note(self, event: str, study: StudyRow, gone: frozenset[str] = frozenset()) -> None:
        """Write down what has happened to a study."""
        self.happened.append(Happened(self.night, event, study.study_uid, gone))

    def arrive(self, event: str, kind: Kind, day: date | None = None, *, in_feed: bool = True) -> StudyRow:
        """Let a study arrive, of a patient of its own."""
        self._next += 1
        study = make_study(self._next, kind, day or self.today, f"N{self._next}", cohort=kind is COHORT)
        self.table.store(study, make_series(study, kind), dicom_date(self.today), in_feed=in_feed)
        self.note(event, study)
        return study

    def untouched_head(self) -> StudyRow:
        """Return a head, of an examination before today, to which nothing has happened yet."""
        return self.untouched_heads(1)[0]

    def untouched_heads(self, count: int) -> list[StudyRow]:
        """Return different such heads."""
        touched = {one.study_uid for one in self.happened}
        heads = self.table.studies("region = 'head' AND study_date < ?", (dicom_date(self.today),))
        return self.rng.sample([study for study in heads if study.study_uid not in touched], count)


def late_import(archive: Archive) -> None:
    """An outside study is imported with its old date; the change feed tells of it."""
    archive.arrive("late import", COHORT, archive.today - timedelta(days=archive.rng.randrange(400, 3000)))


def silent_late_import(archive: Archive) -> None:
    """An outside study is imported with its old date into an archive that tells nobody."""
    day = archive.today - timedelta(days=archive.rng.randrange(400, 3000))
    archive.arrive("silent late import", COHORT, day, in_feed=False)


def corrected_id(archive: Archive) -> None:
    """A study is filed under the right patient: same UIDs, same counts."""
    study = archive.untouched_head()
    archive.table.refile(study.study_uid, f"{study.patient_id}R")
    archive.note("corrected id", study)


def merged_patients(archive: Archive) -> None:
    """All studies of one patient are filed under another one."""
    prior, surviving = archive.untouched_heads(2)
    for study in archive.table.studies("patient_id = ?", (prior.patient_id,)):
        archive.table.refile(study.study_uid, surviving.patient_id)
        archive.note("merged patients", study)


def resent(archive: Archive) -> None:
    """A study is sent again, unchanged: the feed tells of it."""
    study = archive.untouched_head()
    archive.table.log(study, dicom_date(archive.today), "StableStudy")
    archive.note("resent", study)


def shrunken(archive: Archive) -> None:
    """A series is deleted from the archive."""
    study = archive.untouched_head()
    series = next(one for one in archive.table.series(study.study_uid) if one.recipe_name == "T1")
    archive.table.shrink(series, left=0)
    archive.note("shrunken", study, frozenset(series.instance_uids()))


def growing(archive: Archive) -> None:
    """A study arrives without its last series, which come in the next nights."""
    study = archive.arrive("growing", COHORT)
    for series in archive.table.series(study.study_uid)[3:]:
        archive.table.shrink(series, left=0)


def grown(archive: Archive) -> None:
    """Studies that had begun to grow get their next series."""
    for study_uid in {one.study_uid for one in archive.happened if one.event in ("growing", "grown")}:
        study, held = archive.table.study(study_uid), archive.table.series(study_uid)
        if len(held) < len(COHORT.recipes):
            number = len(held) + 1
            more = one_series(study, number, COHORT.recipes[number - 1])
            archive.table.store(study, [more], dicom_date(archive.today))
            archive.note("grown", study)


def future_date(archive: Archive) -> None:
    """The clock of a scanner is years ahead."""
    archive.arrive("future date", BRAIN, archive.today + timedelta(days=900))


def silent_future_date(archive: Archive) -> None:
    """The same, in an archive that tells nobody."""
    archive.arrive("silent future date", BRAIN, archive.today + timedelta(days=900), in_feed=False)


def missing_date(archive: Archive) -> None:
    """A study has no date."""
    study = archive.arrive("missing date", BRAIN)
    archive.table.rows("UPDATE study SET study_date = '' WHERE study_uid = ?", (study.study_uid,))


def ordinary_day(archive: Archive, studies: int) -> None:
    """New studies arrive, one of them of a head."""
    archive.arrive("new", BRAIN)
    for kind in archive.rng.choices(OTHERS, [kind.share for kind in OTHERS], k=studies - 1):
        archive.arrive("new", kind)


Event = Callable[[Archive], None]
EVENTS: tuple[Event, ...] = (
    late_import, corrected_id, growing, silent_late_import, future_date, silent_future_date, merged_patients, resent,
    shrunken, missing_date,
)  # fmt: skip


@dataclass(frozen=True)
class Script:
    """When something happens: a special event every `every` nights, and `away` nights at a time without an archive.

    Before the first night nothing special happens. The `late` nights start in the afternoon, when no study may be
    retrieved. In the last `tail` nights only ordinary studies arrive: a round of the full listing ends before the end.
    """

    nights: int = 365
    studies_a_day: int = 18
    every: int = 2
    away: Mapping[int, int] = field(default_factory=lambda: {60: 3, 200: 9})
    late: frozenset[int] = frozenset({20, 120, 250})
    tail: int = 35

    def is_away(self, night: int) -> bool:
        """Return whether the archive cannot be reached in a night."""
        return any(first <= night < first + nights for first, nights in self.away.items())

    def starts_at(self, night: int, day: date) -> datetime:
        """Return when a night starts."""
        return datetime.combine(day, time(14) if night in self.late else time(2), UTC)

    def play(self, archive: Archive, night: int) -> None:
        """Let everything happen that happens before a night."""
        archive.night = night
        ordinary_day(archive, self.studies_a_day)
        grown(archive)
        if night and night % self.every == 0 and night < self.nights - self.tail:
            EVENTS[night // self.every % len(EVENTS)](archive)
