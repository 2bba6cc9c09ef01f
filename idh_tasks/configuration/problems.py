"""Names the variables that the platform does not know or cannot use: one sentence each."""

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsError

from idh_tasks.codes import Code
from idh_tasks.configuration.accepted import accepted, bad_line, is_accepted
from idh_tasks.configuration.listed import NESTED, PREFIX, Setting, group_model, known
from idh_tasks.configuration.schedules import CONNECTION, RULES
from idh_tasks.errors import SettingsRefusedError
from idh_tasks.settings import Settings, WordTableFile

S = TypeVar("S", bound=BaseSettings)

CONNECTIONS = ("IDH_CONN_IDH_DB_PAGES", "IDH_CONN_IDH_STORE")
"""Connections that only the API server has (plugins/idh_airflow/connections.py)."""
FOR_TESTS = ("IDH_REAL_DATA", "IDH_HISTORIES", "IDH_ANSWER_HISTORIES", "IDH_PAGE_CASES", "IDH_MEMORY_INSTANCES")
FILES = ("__FROM", "__COPY")
"""Endings by which docker/entrypoint.sh reads a variable from a file."""
NEAR, SHOWN = 0.7, 40


def refuse_problems(environment: Mapping[str, str]) -> None:
    """Refuse to start where a variable is unknown or not valid.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` with one sentence per variable.
    """
    if found := problems(environment):
        raise SettingsRefusedError(Code.E_SETTINGS, "\n".join(found))


def problems(environment: Mapping[str, str]) -> list[str]:
    """Return one sentence per variable that begins with `IDH_` and is unknown or not valid; never a secret."""
    ours = {_name(name): text for name, text in sorted(environment.items()) if name.upper().startswith(PREFIX)}
    return [sentence for name, text in ours.items() for sentence in _problems(name, text)]


def from_environment(kind: type[S]) -> S:
    """Return the settings of the environment.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` naming each variable that is missing.
    """
    try:
        return kind()
    except ValidationError as error:
        places = [error["loc"] for error in error.errors(include_input=False)]
        missing = [name for place in places for name in _missing(kind, [str(part) for part in place])]
        raise SettingsRefusedError(Code.E_SETTINGS, "\n".join(missing)) from None
    except SettingsError:
        raise SettingsRefusedError(Code.E_SETTINGS, "A variable is not valid JSON.") from None


def _name(variable: str) -> str:
    name = variable.upper()
    return next((name.removesuffix(end) for end in FILES if name.endswith(end)), name)


def _problems(name: str, text: str) -> Iterator[str]:
    if name in (*CONNECTIONS, *FOR_TESTS):
        return
    if name in known():
        yield from _bad_value(known()[name], text)
    elif model := _group(name):
        yield from _bad_group(name, model, text)
    else:
        yield _unknown(name)


def _bad_value(setting: Setting, text: str) -> Iterator[str]:
    if setting.field is None:
        rule = RULES.get(setting.variable, CONNECTION)
        if (fault := rule.fault(text)) is not None:
            remark = f": {fault}" if fault else ""
            yield f"{setting.variable} is {_shown(text)}; it must be {rule.words}{remark}."
    elif not is_accepted(setting.field, text):
        stated = "not valid" if SecretStr in _types(setting.field.annotation) else _shown(text)
        remark = f": {line}" if (line := _bad_line(setting, text)) else ""
        yield f"{setting.variable} is {stated}; it must be {accepted(setting.field)}{remark}."


def _bad_line(setting: Setting, text: str) -> str:
    return bad_line(setting.field, text) if setting.field and WordTableFile in _types(setting.field.annotation) else ""


def _types(annotation: object) -> tuple[object, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))


def _shown(text: str) -> str:
    return f"'{text[:SHOWN]}'" if text else "empty"


def _group(name: str) -> type[BaseModel] | None:
    field = Settings.model_fields.get(name.removeprefix(PREFIX).lower())
    return group_model(field) if field else None


def _bad_group(name: str, model: type[BaseModel], text: str) -> Iterator[str]:
    """Yield what is wrong with a whole group, which is written as one JSON object."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        yield f"{name} is not a JSON object; set its parts instead, such as {_parts(name, model)[0]}."
        return
    for part, value in content.items():
        yield from _problems(f"{name}{NESTED}{part.upper()}", value if isinstance(value, str) else json.dumps(value))


def _parts(name: str, model: type[BaseModel], *, required: bool = False) -> list[str]:
    fields = model.model_fields.items()
    return [f"{name}{NESTED}{part.upper()}" for part, field in fields if field.is_required() or not required]


def _unknown(name: str) -> str:
    if near := _nearest(name):
        return f"{name} is not a setting; did you mean {near}?"
    return f"{name} is not a setting; docs/settings.md lists them all."


def _nearest(name: str) -> str | None:
    """Return the known name that is most alike, or the only one that ends in the same words."""
    ending = [known_name for known_name in known() if known_name.endswith(f"{NESTED}{name.removeprefix(PREFIX)}")]
    near = get_close_matches(name, [*known(), *CONNECTIONS], n=1, cutoff=NEAR)
    return next(iter(near or (ending if len(ending) == 1 else [])), None)


def _missing(kind: type[BaseSettings], place: list[str]) -> list[str]:
    name = PREFIX + NESTED.join(place).upper()
    model = group_model(kind.model_fields[place[0]]) if len(place) == 1 else None
    names = _parts(name, model, required=True) if model else [name]
    return [f"{name} is not set, or not valid." for name in names]
