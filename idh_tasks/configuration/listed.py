"""All settings with default and meaning, from the fields of `Settings` and the variables of the DAGs."""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from idh_tasks.configuration.accepted import choices
from idh_tasks.settings import ROOT, Settings

DEFAULTS = ROOT / "plugins" / "idh_airflow" / "defaults.py"
PREFIX = "IDH_"
NESTED = "__"
HEADINGS = {"pacs": "PACS", "dicomweb": "DICOMweb", "fhir": "FHIR", "mllp": "MLLP"}


@dataclass(frozen=True)
class Setting:
    """A variable, with its default as docs/settings.md shows it; `field` is None for a variable of the DAGs."""

    variable: str
    default: str
    meaning: str
    field: FieldInfo | None = None


@dataclass(frozen=True)
class Group:
    """Settings that belong together; `name` is their field in `Settings`, or empty."""

    name: str
    heading: str
    introduction: str
    settings: tuple[Setting, ...]


@cache
def groups() -> tuple[Group, ...]:
    """Return all settings by group, in the order of docs/settings.md."""
    return (
        Group("", "Schedules and approval", "Read by the DAGs.", tuple(_orchestration())),
        Group("", "Platform", _docstring(Settings), tuple(_fields(Settings, PREFIX))),
        *_nested(),
    )


def _nested() -> Iterator[Group]:
    for name, field in Settings.model_fields.items():
        if model := group_model(field):
            settings = _fields(model, f"{PREFIX}{name.upper()}{NESTED}")
            yield Group(name, HEADINGS.get(name, name.capitalize()), _docstring(model), tuple(settings))


@cache
def known() -> dict[str, Setting]:
    """Return every setting by its variable."""
    return {setting.variable: setting for group in groups() for setting in group.settings}


def _orchestration() -> Iterator[Setting]:
    """Yield the variables that the plugin reads, with the docstring that follows each."""
    for statement, after in pairwise(ast.parse(DEFAULTS.read_text()).body):
        if isinstance(statement, ast.Assign):
            for variable, default in _read_from_environment(statement):
                yield Setting(variable, default, _text(after))


def _read_from_environment(statement: ast.Assign) -> Iterator[tuple[str, str]]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.environ.get":
            name, *default = (ast.literal_eval(argument) for argument in node.args)
            yield name, f"`{default[0]}`" if default else "unset"


def _text(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return str(statement.value.value)
    return ""


def _fields(model: type[BaseModel], prefix: str) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        if not group_model(field):
            yield Setting(f"{prefix}{name.upper()}", _default(field), _meaning(field), field)


def group_model(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that is a group of settings, optional or not."""
    candidates = (field.annotation, *get_args(field.annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def _meaning(field: FieldInfo) -> str:
    text = field.description or ""
    values = choices(field.annotation)
    return f"{text} One of {', '.join(f'`{value}`' for value in values)}." if values else text


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    text = as_text(field.default)
    return f"`{text}`" if text else "unset"


def as_text(value: Any) -> str:
    """Return a value as one would write it into the variable; empty if it is unset."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return json.dumps(value)
    return f"[{','.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _docstring(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip()
