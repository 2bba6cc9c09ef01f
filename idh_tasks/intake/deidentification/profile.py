"""The confidentiality profile as data: what becomes of every attribute (PS3.15 table E.1-1)."""

import csv
from enum import StrEnum
from functools import cache
from pathlib import Path

TABLES = Path(__file__).parent / "tables"


class Action(StrEnum):
    """What is done to an attribute (PS3.15 E.1.1); SHIFT is how its dates are cleaned."""

    KEEP = "K"
    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    MAP_UID = "U"
    CLEAN = "C"
    SHIFT = "S"


@cache
def actions() -> dict[int, tuple[Action, Action]]:
    """Return by tag what is done, and what instead where cleaning leaves nothing.

    The Basic Profile with the options Retain Longitudinal Temporal Information Modified Dates,
    Retain Patient Characteristics and Clean Descriptors. The three lines of the table that name
    whole groups (curves, overlays, private attributes) are rules in `deidentify`.
    """
    with (TABLES / "ps3.15_e1-1.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if len(row["tag"]) == 8 and "x" not in row["tag"]]
    return {int(row["tag"], 16): (_chosen(row), _basic(row["basic"])) for row in rows}


def _basic(stated: str) -> Action:
    """Return the action that is right for every type of attribute, where the table leaves a choice."""
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
    """Return by creator and group the elements of the private numbers that are kept (PS3.15 E.3.10)."""
    found: dict[tuple[str, int], tuple[int, ...]] = {}
    with (TABLES / "safe_private.csv").open() as file:
        for row in csv.DictReader(file):
            place = (row["creator"].upper(), int(row["group"], 16))
            found[place] = (*found.get(place, ()), int(row["element"], 16))
    return found


@cache
def imaging_terms() -> frozenset[str]:
    """Return the words that a cleaned descriptor may hold."""
    return frozenset((TABLES / "imaging_terms.txt").read_text().split())
