"""The output of commands: text for people, JSON for machines, progress for terminals."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, is_dataclass
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import track

from idh_tasks.domain.valid_json import valid_json

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]


def say(text: str) -> None:
    """Print a result."""
    typer.echo(text)


def note(text: str) -> None:
    """Print something about the result to standard error, where it does not disturb a pipe."""
    typer.echo(text, err=True)


def as_fields(record: Any) -> str:
    """Return one line per field: `name: value`."""
    return "\n".join(f"{name}: {_short(value)}" for name, value in _content(record).items())


def as_known_fields(record: Any) -> str:
    """Return one line per field that is not None: `name: value`."""
    return as_fields({name: value for name, value in _content(record).items() if value is not None})


def as_columns(record: Any) -> str:
    """Return the values that are not None in one line."""
    return "  ".join(str(value) for value in _content(record).values() if value is not None)


def as_sections(record: Any) -> str:
    """Return each field as a heading with its entries indented below it."""
    return "\n".join(line for name, value in _content(record).items() for line in (name, *_entries(value)))


def show(record: T, as_json: bool, as_text: Callable[[T], str] = as_fields) -> None:
    """Print one record.

    Parameters
    ----------
    record
        A dataclass instance or a mapping.
    as_text
        How the record reads without `--json`.
    """
    say(valid_json(_content(record)) if as_json else as_text(record))


def show_each(
    records: Iterable[T], as_json: bool, as_text: Callable[[T], str] = as_columns, head: str | None = None
) -> None:
    """Print every record as soon as it is available; see `show`.

    Parameters
    ----------
    head
        The heads of the columns, which go to standard error, where they do not disturb a pipe.
    """
    number = 0
    for number, record in enumerate(records, start=1):
        if number == 1 and head is not None and not as_json:
            note(head)
        show(record, as_json, as_text)
    if number == 0 and head is not None and not as_json:
        note("none")


def with_progress(items: Iterable[T], title: str, total: int | None = None) -> Iterator[T]:
    """Pass items through, with a progress bar on a terminal and nothing elsewhere."""
    console = Console(stderr=True)
    yield from track(items, title, total=total, console=console, disable=not sys.stderr.isatty(), transient=True)


def _content(record: Any) -> dict[str, Any]:
    if is_dataclass(record) and not isinstance(record, type):
        return asdict(record)
    return dict(record)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _entries(value: Any) -> list[str]:
    entries = value.items() if isinstance(value, Mapping) else value
    return [f"  {entry}" for entry in entries]
