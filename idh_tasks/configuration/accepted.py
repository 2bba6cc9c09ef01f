"""What a setting accepts: in words, and as a check of one value."""

import json
from collections.abc import Mapping
from datetime import date
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from idh_tasks.endpoints import AE_TITLE, WEB_ADDRESS, HoursOfDay
from idh_tasks.settings import ReadableFile, WordTableFile

WORDS: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "`true` or `false`",
    str: "a text",
    SecretStr: "a secret",
    Path: "a path",
    ReadableFile: "a file that this process can read",
    HoursOfDay: "two times and a time zone, such as `20:00-06:00 Europe/Berlin`",
    WordTableFile: "a table of words (docs/connect.md) that this process can read",
    date: "a date such as 2020-01-31",
}
PATTERNS: Mapping[str | None, str] = {
    WEB_ADDRESS: "an address that begins with `https://` or `http://`",
    AE_TITLE: "an AE title of at most 16 characters, without a backslash and not only blanks",
}
BOUNDS = {"ge": "of at least", "gt": "above", "le": "at most", "lt": "below"}


def choices(annotation: Any) -> list[str]:
    """Return the values of a field that has a fixed set of them, or nothing."""
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    return []


def accepted(field: FieldInfo) -> str:
    """Return in words what a field accepts."""
    kind = _inner(field.annotation)
    if values := choices(kind):
        return f"one of {', '.join(f'`{value}`' for value in values)}"
    if get_origin(kind) is tuple:
        return f"a JSON list{_example(field)}"
    if get_origin(kind) is dict:
        return "a JSON object"
    if words := next((PATTERNS[p] for p in _of_rules(field, "pattern") if p in PATTERNS), ""):
        return words
    filled = ["that is not empty"] if any(_of_rules(field, "min_length")) else []
    return " ".join([WORDS.get(kind, "another value"), *filled, *_bounds(field)])


def is_accepted(field: FieldInfo, text: str) -> bool:
    """Return whether the text of a variable is a value of the field, as pydantic-settings would read it."""
    try:
        _validate(field, text)
    except (ValidationError, json.JSONDecodeError):
        return False
    return True


def bad_line(field: FieldInfo, text: str) -> str:
    """Return at which line of a table a value is not understood, and why; empty for every other fault."""
    try:
        _validate(field, text)
    except ValidationError as error:
        faults = [str(one.get("ctx", {}).get("error", "")) for one in error.errors(include_input=False)]
        return next((fault for fault in faults if fault.startswith("line ")), "")
    return ""


def _validate(field: FieldInfo, text: str) -> None:
    kind = field.annotation
    value = json.loads(text) if get_origin(_inner(kind)) is tuple else text
    TypeAdapter(Annotated[kind, field]).validate_python(value)


def _inner(annotation: Any) -> Any:
    """Return the type of an optional field."""
    if get_origin(annotation) in (Union, UnionType):
        return next(kind for kind in get_args(annotation) if kind is not NoneType)
    return annotation


def _bounds(field: FieldInfo) -> list[str]:
    stated = [(word, getattr(bound, name)) for bound in field.metadata for name, word in BOUNDS.items()
              if hasattr(bound, name)]  # fmt: skip
    return [" and ".join(f"{word} {value:g}" for word, value in stated)] if stated else []


def _of_rules(field: FieldInfo, name: str) -> list[Any]:
    return [getattr(rule, name) for rule in field.metadata if hasattr(rule, name)]


def _example(field: FieldInfo) -> str:
    if field.default in (PydanticUndefined, None, ()):
        return ""
    return f" such as `{json.dumps(field.default, default=str)}`"
