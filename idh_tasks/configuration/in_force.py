"""The settings in force in a process, without secrets."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, SecretStr

from idh_tasks.configuration.listed import PREFIX, as_text, groups
from idh_tasks.settings import Settings

HIDDEN = ("access_key", "login")
"""Fields that say who logs in: not secret, and nobody's business."""
SET = "set"


def in_force(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every setting as text, by variable; a secret is `set` or empty.

    Parameters
    ----------
    settings
        Those of the process. Groups that it does not have, such as a PACS, are left out.
    environment
        Where the variables of the DAGs are read from.
    """
    values: dict[str, str] = {}
    for group in groups():
        holder = getattr(settings, group.name) if group.name else settings
        for setting in group.settings:
            if setting.field is None:
                values[setting.variable] = environment.get(setting.variable, setting.default.strip("`"))
            elif holder is not None:
                values[setting.variable] = _shown(holder, _field(setting.variable, group.name))
    return {name: "" if value == "unset" else value for name, value in values.items()}


def _field(variable: str, group: str) -> str:
    return variable.removeprefix(PREFIX).lower().removeprefix(f"{group}__" if group else "")


def _shown(holder: BaseModel, name: str) -> str:
    value: Any = getattr(holder, name)
    if isinstance(value, SecretStr):
        return SET if value.get_secret_value() else ""
    if name in HIDDEN:
        return SET if value else ""
    return without_login(as_text(value)) if isinstance(value, str) else as_text(value)


def without_login(address: str) -> str:
    """Return an address without user name, password and query."""
    parts = urlsplit(address)
    if not parts.netloc:
        return address
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
