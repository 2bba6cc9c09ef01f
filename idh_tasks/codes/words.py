"""The words about codes: their stages and consequences, as ``catalogue.toml`` has them."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).with_name("catalogue.toml")


class Stage(StrEnum):
    """Where a code arises; each stage is a section of the catalogue."""

    TRANSPORT = "transport"
    GATE = "gate"
    IDENTITY = "identity"
    SERIES = "series"
    LINKAGE = "linkage"
    COHORT = "cohort"
    IMAGING = "imaging"
    LEARNING = "learning"
    REVIEW = "review"
    PLATFORM = "platform"

    @property
    def heading(self) -> str:
        """Return the heading of the section."""
        return str(file()["stages"][self])


class Consequence(StrEnum):
    """What the platform does about a code."""

    INSTANCE_QUARANTINED = "instance quarantined"
    SERIES_NOT_USED = "series not used"
    SEQUENCE_LEFT_OUT = "sequence left out"
    STUDY_WITHOUT_PATCHES = "study without patches"
    STUDY_QUARANTINED = "study or delivery quarantined"
    DELIVERY_SKIPPED = "delivery skipped"
    FEED_HELD = "file or report held"
    CASE_LEFT_OUT = "case left out"
    NOT_TRAINED = "not trained"
    NOT_PROMOTED = "not promoted"
    RETRAINING_DUE = "counted for retraining"
    RETRIED = "retried"
    RUN_REFUSED = "run refused"
    NOTED = "recorded as a note"

    @property
    def sentence(self) -> str:
        """Return the consequence in a full sentence."""
        return str(file()["consequences"][self])


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of one code."""

    stage: Stage
    meaning: str
    consequence: Consequence
    remedy: str


@cache
def file() -> dict[str, Any]:
    """Return the content of the catalogue."""
    return tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
