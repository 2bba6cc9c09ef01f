"""The rules by which a series is identified, as two tables: what names mean, and what timings mean."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from idh_tasks.domain.sequence import MrSequence

TABLES = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class NameRule:
    """A pattern in a normalised name, the sequence that it stands for, and its meaning in words."""

    sequence: MrSequence
    meaning: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Range:
    """An interval in ms, both ends included."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Return whether a value lies in the interval."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class TimingRule:
    """Ranges for one family of pulse sequences; `dimension` is 2D, 3D, or empty for both."""

    sequence: MrSequence
    meaning: str
    scanning: str
    dimension: str
    tr: Range
    te: Range
    ti: Range


def _read(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(newline="") as file:
        return list(csv.DictReader(file))


_PATTERNS = _read("sequence_names.csv")

NAMES = tuple(
    NameRule(MrSequence(row["sequence"]), row["meaning"], re.compile(row["pattern"]))
    for row in _PATTERNS
    if row["sequence"]
)
"""Tried in order: the first match decides; MPRAGE here is any 3D T1."""

CONTRAST, NO_CONTRAST, ELSEWHERE = (re.compile(row["pattern"]) for row in _PATTERNS if not row["sequence"])
"""Words for an image after contrast, for one before, and for another region than the brain."""

TIMINGS = tuple(
    TimingRule(
        MrSequence(row["sequence"]),
        row["meaning"],
        row["scanning"],
        row["dimension"],
        *(Range(float(row[f"{time}_min"] or 0), float(row[f"{time}_max"] or "inf")) for time in ("tr", "te", "ti")),
    )
    for row in _read("sequence_timings.csv")
)
"""Tried in order; MPRAGE here is any 3D T1, which is T1 where no contrast was given."""

DERIVED = frozenset((TABLES / "derived_image_types.txt").read_text().splitlines())
"""Values of Image Type that mark an image as something else than its timing indicates."""
