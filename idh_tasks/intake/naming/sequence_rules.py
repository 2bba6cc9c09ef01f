"""The rules by which a series is identified, as tables: what names, timings and image types mean."""

import csv
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from idh_tasks.dicom.image_kind import KINDS
from idh_tasks.domain.sequence import MrSequence

TABLES = Path(__file__).parent / "tables"


class Kind(StrEnum):
    """What a name or image type stands for, which decides whether the timing can confirm it.

    COMPUTED and MAP images have the timing of the images that they were made from. An OPEN name has two usual
    meanings, between which only the physics can decide.
    """

    ACQUIRED = "acquired"
    COMPUTED = "computed"
    MAP = "map"
    OPEN = "open"


@dataclass(frozen=True)
class NameRule:
    """A pattern in a normalised name, the sequence that it stands for, and its meaning in words.

    `also` is another sequence that a series of this name may be, if the physics says so.
    """

    sequence: MrSequence
    kind: Kind
    also: MrSequence | None
    meaning: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Range:
    """An interval in ms or degrees, both ends included."""

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
    flip: Range


@dataclass(frozen=True)
class ImageTypeRule:
    """What a value of Image Type marks an image as."""

    meaning: str
    kind: Kind


def _read(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(newline="") as file:
        return list(csv.DictReader(file))


def _name_rule(row: dict[str, str]) -> NameRule:
    also = MrSequence(row["also"]) if row["also"] else None
    return NameRule(MrSequence(row["sequence"]), Kind(row["kind"]), also, row["meaning"], re.compile(row["pattern"]))


def _range(row: dict[str, str], quantity: str) -> Range:
    return Range(float(row[f"{quantity}_min"] or 0), float(row[f"{quantity}_max"] or "inf"))


_PATTERNS = _read("sequence_names.csv")

NAMES = tuple(_name_rule(row) for row in _PATTERNS if row["sequence"])
"""Tried in order: the first match decides; MPRAGE here is any 3D T1 gradient echo."""

CONTRAST, NO_CONTRAST, BESIDE_AGENT = (re.compile(row["pattern"]) for row in _PATTERNS if not row["sequence"])
"""Words for an image after contrast, for one before, and the words that may stand beside an agent."""

TIMINGS = tuple(
    TimingRule(
        MrSequence(row["sequence"]),
        row["meaning"],
        row["scanning"],
        row["dimension"],
        *(_range(row, quantity) for quantity in ("tr", "te", "ti", "flip")),
    )
    for row in _read("sequence_timings.csv")
)
"""Tried in order; MPRAGE here is any 3D T1 gradient echo, which is T1 where no contrast was given."""

OF_THE_HEAD = frozenset({"water", "in phase", "uniform"})
"""Kinds of images that show the head as their timing indicates."""


def _rule_of(kind: str) -> ImageTypeRule:
    """Return the rule of a kind of image; some hospitals read the real part of a T1 as a T1, so its name is weighed."""
    return ImageTypeRule(kind, Kind.ACQUIRED if kind == "real" else Kind.MAP)


IMAGE_TYPES = {value: _rule_of(kind) for kind in KINDS.keys() - OF_THE_HEAD for value in KINDS[kind]} | {
    row["value"]: ImageTypeRule(row["meaning"], Kind(row["kind"])) for row in _read("image_types.csv")
}
"""Values of Image Type that mark an image as something else than its timing indicates: all that separate the images of
a series, and those of the table."""
