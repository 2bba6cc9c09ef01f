"""Which part of the body a series shows: by the body part that the header states, the names, and the field of view."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydicom import Dataset

from idh_tasks.intake.naming.name import normalised

TABLE = Path(__file__).parent / "tables" / "regions.csv"
LARGEST_FIELD_MM = 350.0
"""No head needs a larger field of view; images of the trunk do."""


class Region(StrEnum):
    """The head as a whole, a part of it other than the brain, or another part of the body."""

    HEAD = "head"
    PART = "part"
    BODY = "body"
    NOT_UNDERSTOOD = "not understood"
    UNSTATED = ""


@dataclass(frozen=True)
class Place:
    """What is known about the place: `elsewhere` is another part of the body, `doubt` a question; both in words."""

    elsewhere: str = ""
    doubt: str = ""


def _patterns() -> dict[str, re.Pattern[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["meaning"]].append(row["pattern"])
    return {meaning: re.compile("|".join(patterns)) for meaning, patterns in found.items()}


PATTERNS = _patterns()
HEAD_ONLY = re.compile(
    r"((mri?|whole|entire|structure|of|and|und|et|e|y|en|neck|hals|cou|collo|cuello|head|brain|skull|neuro|crani\w*|crane|"
    r"kopf|schadel|schaedel|gehirn|encephal\w*|encefalo|cerebro|cerveau|cervello|tete|testa|cabeza|cabeca|hoofd|hersenen)"
    r"( |$)?)+"
)
"""All of a body part is understood as the head; the neck may be part of it, but not stand alone."""
HEAD_AND_NECK = re.compile(
    r"\b(head|kopf|tete|testa|cabeza|cabeca) ?(and|und|et|e|y|&|\+)? ?(neck|hals|cou|collo|cuello|pescoco)\b"
)
NO_BODY_PART = frozenset({"unknown", "undefined", "unspecified", "none", "na", "n/a", "-"})
"""Body parts that say nothing."""


def read_place(ds: Dataset) -> Place:
    """Return the place that body part, names and field of view of a series indicate."""
    part = _one(set(map(_of_body_part, _body_parts(ds))))
    name = _in_text(_text(ds, "SeriesDescription") or _text(ds, "ProtocolName"))
    protocols = [_in_text(_text(ds, keyword)) for keyword in ("ProtocolName", "StudyDescription")]
    if Region.BODY in {part, *name}:
        head = Region.HEAD in {part, *name}.union(*protocols)
        return _elsewhere(head, "body part" if part is Region.BODY else "name")
    return Place(doubt=_doubt({part, *name}, protocols, _field_mm(ds)))


def _elsewhere(head: bool, source: str) -> Place:
    words = f"the {source} indicates another part of the body"
    return Place(doubt=f"{words}, but the head is stated as well") if head else Place(elsewhere=words)


def _doubt(stated: set[Region], protocols: list[set[Region]], field_mm: float) -> str:
    if Region.PART in stated:
        return "the name indicates another region than the brain"
    if Region.NOT_UNDERSTOOD in stated:
        return "the body part that the header states is not understood"
    if any(Region.BODY in protocol and Region.HEAD not in protocol for protocol in protocols):
        return "the protocol indicates another part of the body"
    if field_mm > LARGEST_FIELD_MM:
        return f"the field of view of {field_mm:.0f} mm is larger than that of a head"
    return ""


def _of_body_part(text: str) -> Region:
    words = normalised(text)
    if PATTERNS["head"].search(words):
        return Region.HEAD if HEAD_ONLY.fullmatch(words) else Region.PART
    if PATTERNS["body part"].fullmatch(words):
        return Region.BODY
    stated = _in_text(text)
    return stated.pop() if len(stated) == 1 else Region.NOT_UNDERSTOOD


def _in_text(text: str) -> set[Region]:
    """Return the regions that a text names; head and neck together are the head."""
    words = HEAD_AND_NECK.sub("head", normalised(text))
    return {region for region in (Region.BODY, Region.PART, Region.HEAD) if PATTERNS[region].search(words)}


def _one(regions: set[Region]) -> Region:
    if len(regions) > 1:
        return Region.NOT_UNDERSTOOD
    return regions.pop() if regions else Region.UNSTATED


def _body_parts(ds: Dataset) -> Iterator[str]:
    """Yield the stated body part, and the anatomic region that enhanced images state instead (PS3.3 C.7.6.16.2.8)."""
    groups = (item for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
              for item in (ds.get(keyword) or ())[:1])  # fmt: skip
    frames = (item for group in groups for item in group.get("FrameAnatomySequence") or ())
    stated = _text(ds, "BodyPartExamined")
    if stated and stated.lower() not in NO_BODY_PART:
        yield stated
    for holder in (ds, *frames):
        yield from filter(None, (_text(item, "CodeMeaning") for item in holder.get("AnatomicRegionSequence") or ()))


def _field_mm(ds: Dataset) -> float:
    """Return the larger side of an image, 0 if it is not stated."""
    try:
        return max(int(ds.Rows) * float(ds.PixelSpacing[0]), int(ds.Columns) * float(ds.PixelSpacing[1]))
    except (AttributeError, TypeError, ValueError, IndexError):
        return 0.0


def _text(ds: Dataset, keyword: str) -> str:
    return str(ds.get(keyword) or "").strip()
