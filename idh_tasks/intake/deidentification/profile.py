"""The confidentiality profile as data: the action for every attribute (PS3.15 table E.1-1)."""

import csv
from enum import StrEnum
from functools import cache
from pathlib import Path

TABLES = Path(__file__).parent / "tables"


class Action(StrEnum):
    """The action on an attribute (PS3.15 E.1.1); SHIFT moves its dates."""

    KEEP = "K"
    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    MAP_UID = "U"
    CLEAN = "C"
    SHIFT = "S"


@cache
def actions() -> dict[int, tuple[Action, Action]]:
    """Return, by tag, the action and the fallback if cleaning or shifting leaves nothing.

    The Basic Profile with the options Retain Longitudinal Temporal Information Modified Dates,
    Retain Patient Characteristics and Clean Descriptors. The three rows of the table that stand for
    whole groups (curves, overlays, private attributes) are rules in `attributes`.
    """
    with (TABLES / "ps3.15_e1-1.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if len(row["tag"]) == 8 and "x" not in row["tag"]]
    return {int(row["tag"], 16): (_chosen(row), _basic(row["basic"])) for row in rows}


def _basic(stated: str) -> Action:
    """Return the action that is valid for every type of attribute where the table leaves a choice."""
    return Action(stated.rstrip("*").rpartition("/")[2])


def _chosen(row: dict[str, str]) -> Action:
    if row["patient"] == "K":
        return Action.KEEP
    if row["dates"] == "C":
        return Action.SHIFT
    if "C" in (row["patient"], row["descriptors"]):
        return Action.CLEAN
    return _basic(row["basic"])


@cache
def safe_private() -> dict[tuple[str, int], tuple[int, ...]]:
    """Return, by creator and group, the private elements whose numbers are kept (PS3.15 E.3.10)."""
    elements: dict[tuple[str, int], tuple[int, ...]] = {}
    with (TABLES / "safe_private.csv").open() as file:
        for row in csv.DictReader(file):
            place = (row["creator"].upper(), int(row["group"], 16))
            elements[place] = (*elements.get(place, ()), int(row["element"], 16))
    return elements


@cache
def imaging_terms() -> frozenset[str]:
    """Return the words that a cleaned descriptor may contain."""
    return frozenset((TABLES / "imaging_terms.txt").read_text().split())
