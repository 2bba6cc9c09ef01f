"""Compares the results of two installations row by row, to show that a change of the code changed none of them.

`python -m tools.compare_outcomes snapshot .idh before.json` reads a running installation. `python -m
tools.compare_outcomes compare before.json after.json` prints one line per table and per kind of object, and exits with
1 on any difference that is not exempt. Both installations need the same cohort, the same settings and the same
pseudonym key (copy `secrets.json` into a new `.idh/` before the first start).
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.outcome_contents import figures_in
from tools.outcome_snapshot import Row, Snapshot, Table, read, snapshot, write

SHOWN = 5
"""How many different rows of a table are printed."""
WIDTH = 160
"""How many characters of a key or value are printed."""
ABSENT = "absent"
NO_TABLE = Table((), [])
NUMBERED = re.compile(r"\.\d+")


@dataclass(frozen=True)
class Exemption:
    """Columns that may differ, the reason, and the part of their values that is compared nevertheless."""

    reason: str
    columns: tuple[str, ...]
    compared_part: Callable[[Any], object]


def _presence(value: object) -> bool:
    return value is not None


def _figures(value: object) -> object:
    return None if value is None else sorted(figures_in(json.dumps(value, ensure_ascii=False)))


EXEMPT = (
    Exemption(
        "wording of reasons and evidence; codes and numbers are compared",
        (
            "*.reason",
            "idh.series.evidence",
            "idh.report.evidence",
            "idh.audit_event.detail.refusals",
            "store.reports.content.sequences.refused",
        ),
        _figures,
    ),
    Exemption(
        "digests of code; presence is compared",
        (
            "idh.instance.profile",
            "idh.training_run.code_version",
            "idh.patch.origin.code",
            "idh.model.environment.code",
        ),
        _presence,
    ),
    Exemption(
        "times and durations; presence is compared",
        (
            "*.created_at",
            "*.updated_at",
            "*.ingested_at",
            "*.found_at",
            "*.finished_at",
            "*.readmitted_at",
            "*.received_at",
            "*.linked_at",
            "*.promoted_at",
            "*.occurred_at",
            "*.read_at",
            "*.answered_at",
            "*.opened_at",
            "*.asked_at",
            "*.erased_at",
            "*.recorded_at",
            "*.expires_at",
            "idh.sequence_result.seconds",
            "store.documents.content.ContentDate",
            "store.documents.content.ContentTime",
            "store.documents.content.InstanceCreationDate",
            "store.documents.content.InstanceCreationTime",
            "store.documents.content.ContributingEquipmentSequence.*.ContributionDateTime",
        ),
        _presence,
    ),
    Exemption(
        "random UIDs that highdicom gives to measurements, to which nothing refers; presence is compared",
        ("store.documents.content.ContentSequence.*.ContentSequence.*.ContentSequence.1.UID",),
        _presence,
    ),
    Exemption(
        "names of workers, and tasks with the ids of their runs; presence is compared",
        ("idh.sequence_result.worker", "idh.training_lease.holder", "*.made_by"),
        _presence,
    ),
    Exemption(
        "serial numbers of the database, in the order of insertion; presence is compared",
        (
            "idh.audit_event.event_id",
            "idh.audit_chain.event_id",
            "idh.audit_chain.position",
            "idh.ingest_night.night_id",
            "idh.feed_night.night_id",
        ),
        _presence,
    ),
    Exemption(
        "hashes over times and serial numbers; presence is compared",
        ("idh.audit_chain.hash",),
        _presence,
    ),
)


@dataclass(frozen=True)
class Difference:
    """A different row: its key, and both values of each column that differs."""

    row: str
    columns: dict[str, tuple[object, object]]


@dataclass(frozen=True)
class Comparison:
    """One table of two snapshots: its numbers of rows and of different rows, and the columns that were exempt.

    Rows with the same key count as one different row. Equal rows without a key share one entry in `differences`.
    """

    table: str
    rows: tuple[int, int]
    different: int
    differences: tuple[Difference, ...]
    exempt: tuple[str, ...]


@cache
def exemption(column: str) -> Exemption | None:
    """Return the exemption of a column, given as `schema.table.column` or, inside JSON, `schema.table.column.name`."""
    return next((one for one in EXEMPT if any(fnmatchcase(column, pattern) for pattern in one.columns)), None)


def compared(before: Snapshot, after: Snapshot) -> list[Comparison]:
    """Compare two snapshots table by table; if only one of them has a table, all its rows differ."""
    names = sorted(before.keys() | after.keys())
    return [_compared(name, before.get(name, NO_TABLE), after.get(name, NO_TABLE)) for name in names]


def _compared(name: str, before: Table, after: Table) -> Comparison:
    old, new = (Counter(_text(_without_exempt(name, row)) for row in table.rows) for table in (before, after))
    lost, gained = ([json.loads(row) for row in rows.elements()] for rows in (old - new, new - old))
    key = tuple(column for column in before.key or after.key if exemption(f"{name}.{column}") is None)
    exempt = {column for table in (before, after) for row in table.rows for column in _exempt(name, row)}
    differences = tuple(_differences(key, lost, gained))
    pairs = sum("" not in difference.columns for difference in differences)
    counts = (len(before.rows), len(after.rows))
    return Comparison(name, counts, len(lost) + len(gained) - pairs, differences, tuple(sorted(exempt)))


def _text(row: object) -> str:
    return json.dumps(row, sort_keys=True, ensure_ascii=False)


def _without_exempt(column: str, value: Any) -> Any:
    """Return a value in which everything exempt is replaced by the part of it that is compared."""
    exempt = exemption(column)
    if exempt is not None:
        return exempt.compared_part(value)
    if isinstance(value, dict):
        return {name: _without_exempt(f"{column}.{name}", item) for name, item in value.items()}
    return [_without_exempt(column, item) for item in value] if isinstance(value, list) else value


def _exempt(column: str, value: object) -> Iterator[str]:
    """Yield the exempt columns of a row, without schema and table."""
    if exemption(column) is not None:
        yield NUMBERED.sub(".*", column.split(".", 2)[2])
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _exempt(f"{column}.{name}", item)
    elif isinstance(value, list):
        for item in value:
            yield from _exempt(column, item)


def _differences(key: tuple[str, ...], lost: list[Row], gained: list[Row]) -> Iterator[Difference]:
    """Yield a difference per key; without a key, each row is its own key."""
    old, new = ({_key(key, row): row for row in rows} for rows in (lost, gained))
    for name in sorted(old.keys() | new.keys()):
        yield Difference(name, dict(_columns("", old.get(name, ABSENT), new.get(name, ABSENT))))


def _key(key: tuple[str, ...], row: Row) -> str:
    return " ".join(str(row[column]) for column in key) if key else _text(row)


def _columns(column: str, old: Any, new: Any) -> Iterator[tuple[str, tuple[object, object]]]:
    """Yield the innermost values that differ; the name of a row that only one side has is empty."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            place = f"{column}.{name}" if column else name
            yield from _columns(place, old.get(name, ABSENT), new.get(name, ABSENT))
    elif old != new:
        yield column, (old, new)


def report(comparisons: list[Comparison]) -> Iterator[str]:
    """Yield the lines of the report: the result per table, then all exemptions with their reasons."""
    for comparison in comparisons:
        yield _summary(comparison)
        for difference in comparison.differences[:SHOWN]:
            yield f"    {difference.row[:WIDTH]}"
            yield from (_change(name, *values) for name, values in difference.columns.items())
    yield ""
    yield from (f"exempt ({one.reason}): {', '.join(one.columns)}" for one in EXEMPT)


def _change(name: str, old: object, new: object) -> str:
    return f"        {name or 'row'}: {str(old)[:WIDTH]} -> {str(new)[:WIDTH]}"


def _summary(comparison: Comparison) -> str:
    before, after = comparison.rows
    exempt = f"; exempt: {', '.join(comparison.exempt)}" if comparison.exempt else ""
    if not before and not after:
        return f"{comparison.table}: no rows on either side, nothing was compared"
    return f"{comparison.table}: {before} and {after} rows compared, {comparison.different} different{exempt}"


cli = typer.Typer(no_args_is_help=True, help=__doc__, add_completion=False)


@cli.command("snapshot")
def take(
    home: Annotated[Path, typer.Argument(help="Folder of a running installation, such as .idh.")],
    out: Annotated[Path, typer.Argument(help="JSON file to write.")],
) -> None:
    """Read every row and every object of a running installation."""
    write(snapshot(home), out)


@cli.command("compare")
def compare(before: Path, after: Path) -> None:
    """Compare two snapshots; exit with 1 if anything differs that is not exempt, or if there is nothing to compare."""
    comparisons = compared(read(before), read(after))
    sys.stdout.writelines(f"{line}\n" for line in report(comparisons))
    if any(one.different for one in comparisons) or not any(all(one.rows) for one in comparisons):
        raise typer.Exit(1)


if __name__ == "__main__":
    cli()
