"""Which of the readings of one report counts, or which of them a person must choose between.

The result follows from the set of readings and from the answers of reviewers; the order of arrival has no influence.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import combinations

from idh_tasks.domain.pathology import IdhStatus, ReportStatus
from idh_tasks.domain.study import PatientKey

CORRECTIONS = ("amended", "corrected", "modified", "appended", "c")
"""Words of FHIR's DiagnosticReportStatus and the code of HL7 table 0123 for a final report that replaces another."""
TIME_FORMATS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}

Answers = Mapping[tuple[int, ...], int | None]
"""What reviewers chose: of the readings that they were shown, the number of one, or None for none of them."""


@dataclass(frozen=True)
class Reading:
    """One distinct content of a report under our keys.

    Parameters
    ----------
    number
        Number of the stored row.
    version
        What the laboratory states: a number, or a time as digits.
    revision
        A number that it states beside a time.
    channels
        How it arrived; empty where that is not known.
    source
        Hash of the laboratory's own words.
    received_at
        When it was stored; of two readings of the same words, the later one was read by newer rules.
    evidence
        How strong the evidence for the status is (`idh_rules.evidence_strength`).
    """

    number: int
    version: int
    channels: frozenset[str]
    report_status: ReportStatus
    corrected: bool
    revision: int | None
    source: str
    received_at: datetime
    patient_key: PatientKey
    glioblastoma: bool | None
    idh_status: IdhStatus
    evidence: int
    surgery_date: date | None = None
    specimen_date: date | None = None
    birth_date: date | None = None
    sex: str | None = None

    @cached_property
    def time(self) -> str | None:
        """The digits of the version if it is a time."""
        return time_digits(self.version)

    @property
    def counted(self) -> int | None:
        """The revision, or the version if it is a number."""
        return self.version if self.revision is None and self.time is None else self.revision

    @property
    def labelled(self) -> bool:
        """Whether it is final and states mutant or wild-type."""
        return self.report_status is ReportStatus.FINAL and self.idh_status is not IdhStatus.INDETERMINATE


@dataclass(frozen=True)
class Standing:
    """The numbers of the readings that count: one, or several if a person must choose; none if a person refused all."""

    numbers: tuple[int, ...]


def time_digits(version: int) -> str | None:
    """Return the digits of a version that is a date or a time between 1990 and 2100, or None for a number."""
    digits = str(version)
    try:
        moment = datetime.strptime(digits, TIME_FORMATS[len(digits)])  # noqa: DTZ007 - digits are compared
    except (KeyError, ValueError):
        return None
    return digits if 1990 <= moment.year <= 2100 else None


def is_correction(status: str) -> bool:
    """Return whether a laboratory's word for the status of a report says that it replaces an earlier final one."""
    return status.lower() in CORRECTIONS


def standing(readings: Collection[Reading], answers: Answers) -> Standing:
    """Decide which reading of a report counts.

    In each channel a newer reading replaces an older one. Readings that contradict each other and of which neither is
    newer, in one channel or between two, are for a person to decide if one of them is final. So is a reading that
    turns the label round on weaker evidence than the one before.

    Parameters
    ----------
    readings
        All distinct readings of the report, at least one.
    answers
        By the numbers, in ascending order, of the readings that the reviewer chose between.
    """
    latest = _latest_rules(readings)
    newest = _newest_per_channel(latest)
    disagree = any(not _agree(*pair) for pair in combinations(newest, 2))
    if disagree and any(reading.report_status is ReportStatus.FINAL for reading in newest):
        return _asked([reading.number for reading in newest], answers)
    return _confirmed(newest, latest, answers)


def _latest_rules(readings: Iterable[Reading]) -> list[Reading]:
    """Return the readings without those whose words were read again by newer rules."""
    latest: dict[tuple[str, int], Reading] = {}
    for reading in sorted(readings, key=lambda r: (r.received_at, r.number)):
        words = reading.source, reading.version
        before = latest[words].channels if words in latest else frozenset()
        latest[words] = replace(reading, channels=reading.channels | before)
    return sorted(latest.values(), key=lambda r: r.number)


def _newest_per_channel(readings: Sequence[Reading]) -> list[Reading]:
    channels = frozenset().union(*(reading.channels for reading in readings)) or {""}
    newest = {r.number: r for channel in channels for r in _newest([r for r in readings if _is_of(r, channel)])}
    return [newest[number] for number in sorted(newest)]


def _is_of(reading: Reading, channel: str) -> bool:
    return channel in reading.channels or not reading.channels


def _newest(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings of one channel that no other one replaces; all of them if they form a circle."""
    return [r for r in readings if not any(is_newer(other, r) for other in readings)] or list(readings)


def is_newer(one: Reading, other: Reading) -> bool:
    """Return whether a reading replaces another one of the same channel.

    It does if its time or its number is greater and the other of the two is not smaller. A time and a number cannot
    be compared. If neither decides, a final report replaces a preliminary one, and a correction a final report.
    """
    signs = {_order(*_same_digits(one.time, other.time)), _order(one.counted, other.counted)} - {0}
    return signs == {1} if signs else _order(_stage(one), _stage(other)) == 1


def _same_digits(one: str | None, other: str | None) -> tuple[int | None, int | None]:
    """Return two times in the precision of the less precise one: a date and a time of that day have no order."""
    digits = min(len(one or ""), len(other or ""))
    return (int(one[:digits]), int(other[:digits])) if one and other else (None, None)


def _order(one: int | None, other: int | None) -> int:
    return 0 if one is None or other is None else (one > other) - (one < other)


def _stage(reading: Reading) -> int | None:
    if reading.report_status is ReportStatus.CANCELLED:
        return None
    return 0 if reading.report_status is ReportStatus.PRELIMINARY else 1 + reading.corrected


def _agree(one: Reading, other: Reading) -> bool:
    """Return whether two readings state the same; what only one of them states is no contradiction."""
    for name in ("report_status", "patient_key", "glioblastoma", "idh_status"):
        if getattr(one, name) != getattr(other, name):
            return False
    optional = ("surgery_date", "specimen_date", "birth_date", "sex")
    pairs = [(getattr(one, name), getattr(other, name)) for name in optional]
    return all(a == b for a, b in pairs if a is not None and b is not None)


def _completeness(reading: Reading) -> tuple[bool | int, ...]:
    stated = (reading.surgery_date, reading.specimen_date, reading.birth_date, reading.sex)
    return (*(value is not None for value in stated), reading.version, reading.number)


def _confirmed(newest: Sequence[Reading], readings: Sequence[Reading], answers: Answers) -> Standing:
    """Return the most complete of readings that agree, unless one of them is a flip that nobody has confirmed."""
    chosen = [(_unless_weaker(reading, readings, answers), reading) for reading in newest]
    flips = [standing for standing, reading in chosen if standing.numbers != (reading.number,)]
    return flips[0] if flips else Standing((max(newest, key=_completeness).number,))


def _unless_weaker(current: Reading, readings: Sequence[Reading], answers: Answers) -> Standing:
    """Return a reading, unless it turns an established label round on weaker evidence."""
    established: Reading | None = None
    for reading in _history(current, readings):
        if established is None or not _is_weaker_flip(reading, established):
            established = _stronger(established, reading)
        elif (decided := _asked([established.number, reading.number], answers)).numbers == (reading.number,):
            established = reading
        elif reading is current:
            return decided
    return Standing((current.number,))


def _history(current: Reading, readings: Sequence[Reading]) -> list[Reading]:
    """Return the labelled readings that led to the current one, oldest first, if that has a label."""
    if not current.labelled:
        return []
    older = [r for r in readings if r.labelled and _share_channel(r, current) and is_newer(current, r)]
    age = {r.number: sum(is_newer(r, other) for other in older) for r in older}
    return [*sorted(older, key=lambda r: (age[r.number], r.evidence, r.idh_status, r.source)), current]


def _share_channel(one: Reading, other: Reading) -> bool:
    return not one.channels or not other.channels or bool(one.channels & other.channels)


def _is_weaker_flip(reading: Reading, established: Reading) -> bool:
    return reading.idh_status is not established.idh_status and reading.evidence < established.evidence


def _stronger(established: Reading | None, reading: Reading) -> Reading:
    """Return what is established after a reading: of two that state the same, the later with the stronger evidence."""
    if established is None or established.idh_status is not reading.idh_status:
        return reading
    return max(reading, established, key=lambda r: r.evidence)


def _asked(numbers: Iterable[int], answers: Answers) -> Standing:
    shown = tuple(sorted(numbers))
    if shown not in answers:
        return Standing(shown)
    answer = answers[shown]
    return Standing(() if answer is None else (answer,))
