"""Refuses by name what Airflow drops or hides of a Connection: a port of 0, unreadable variables and extras."""

import json
import os
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection

if TYPE_CHECKING:
    from idh_tasks.errors import SettingsRefusedError

INVALID = "is missing or not valid"
PREFIXES = ("AIRFLOW", "IDH")


def refused(name: str, *faults: str) -> "SettingsRefusedError":
    """Return the refusal of a Connection; faults never contain a value."""
    from idh_tasks.codes import Code
    from idh_tasks.errors import SettingsRefusedError

    return SettingsRefusedError(Code.E_SETTINGS, f"Connection {name}: {', '.join(faults)}")


def variables(name: str) -> list[str]:
    """Return the variables of this process that are read as this Connection."""
    candidates = (f"{prefix}_CONN_{name.upper()}" for prefix in PREFIXES)
    return [variable for variable in candidates if variable in os.environ]


def check_variables(name: str) -> None:
    """Refuse a variable in JSON whose content Airflow would skip: it takes a port of 0 for none.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` naming the Connection and the field.
    """
    for variable in variables(name):
        text = os.environ[variable].strip()
        if text.startswith("{"):  # else it is a URI
            _check_fields(name, _loaded(name, text, f"{variable} is not valid JSON"))


def from_variable(name: str, variable: str) -> Connection:
    """Return the Connection in a variable.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` naming the variable if it is no Connection as JSON.
    """
    try:
        return Connection.from_json(os.environ[variable], conn_id=name)
    except (ValueError, TypeError, AttributeError):
        raise refused(name, f"{variable} is not a Connection as JSON") from None


def _check_fields(name: str, content: dict[str, Any]) -> None:
    port, extra = content.get("port"), content.get("extra")
    if port not in (None, "") and not _is_port(port):
        raise refused(name, f"port {INVALID}")
    if extra not in (None, "") and not isinstance(extra, str | dict):
        raise refused(name, "extra is not a JSON object")


def _is_port(value: object) -> bool:
    return str(value).isdecimal() and 1 <= int(str(value)) <= 65535


def check_port(connection: Connection) -> None:
    """Refuse a port that none can be; no port at all stands for the default.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` naming the Connection.
    """
    if connection.port is not None and not _is_port(connection.port):
        raise refused(connection.conn_id, f"port {INVALID}")


def extras(connection: Connection) -> dict[str, Any]:
    """Return the extras.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` if they are not a JSON object, which Airflow takes for none.
    """
    if connection.extra:
        _loaded(connection.conn_id, connection.extra, "extra is not a JSON object")
    return connection.extra_dejson  # which hides its values in logs


def _loaded(name: str, text: str, fault: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise refused(name, fault)
    return content
