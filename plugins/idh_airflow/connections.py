"""Turns Airflow's Connections into the settings of the pipelines."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode

from airflow.sdk import Connection

from idh_airflow.connection_faults import (
    INVALID,
    check_port,
    check_variables,
    extras,
    from_variable,
    refused,
    variables,
)
from idh_airflow.defaults import PACS_CHANGES
from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from pydantic import BaseModel

    from idh_tasks.endpoints import ChangesSettings, DicomwebSettings, FhirSettings, PacsSettings, StoreSettings
    from idh_tasks.pipelines.platform import Platform

S = TypeVar("S", bound="BaseModel")

PATHOLOGY = "idh_pathology"
STORE = "idh_store"
PACS = "idh_pacs"
DICOMWEB = "idh_dicomweb"
FHIR = "idh_fhir"
PSEUDONYM_KEY = "idh_pseudonym_key"
SHOWN = {"access_key": "login (access key)", "secret_key": "password (secret key)", "url": "host (address)"}
"""What the fields of settings are called in a Connection, where that differs."""


def _sql_url(connection: Connection) -> str:
    """Return a SQLAlchemy URL; a folder as host is a Unix socket, and `driver` selects another database."""
    check_port(connection)
    user = quote(connection.login or "", safe="")
    secret = f":{quote(connection.password, safe='')}" if connection.password else ""
    host = connection.host or ""
    driver = str(extras(connection).get("driver", "postgresql+psycopg2"))
    if driver.startswith("sqlite"):
        return f"{driver}:///{connection.schema}"
    if host.startswith("/"):
        return f"{driver}://{user}{secret}@/{connection.schema}?host={quote(host, safe='/')}"
    port = f":{connection.port}" if connection.port else ""
    return f"{driver}://{user}{secret}@{host}{port}/{connection.schema}{_parameters(connection)}"


def _parameters(connection: Connection) -> str:
    """Return the parameters of the driver, such as those that require TLS."""
    stated = extras(connection).get("parameters", {})
    if not isinstance(stated, dict):
        raise refused(connection.conn_id, f"parameters {INVALID}")
    return f"?{urlencode(stated)}" if stated else ""


def _is_private(connection: Connection | None) -> bool:
    """Return whether the laboratory's database is declared to be on a private network."""
    declared = extras(connection).get("private_network", False) if connection else False
    if not isinstance(declared, bool):
        raise refused(PATHOLOGY, f"private_network {INVALID}")
    return declared


def _required(name: str) -> Connection:
    """Return a Connection of Airflow, or the one that only this process has: that of the pages in the API server.

    The API server gives each Connection that Airflow finds in it to every task, and therefore must not have any.
    """
    check_variables(name)
    variable = f"IDH_CONN_{name.upper()}"
    if variable in os.environ:
        return from_variable(name, variable)
    return Connection.get(name)


def _optional(name: str) -> Connection | None:
    from airflow.sdk.exceptions import AirflowNotFoundException

    check_variables(name)
    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        if unread := variables(name):
            raise refused(name, f"{unread[0]} is not a Connection as JSON or URI") from None
        return None


def _dicomweb(archive: Connection | None) -> "DicomwebSettings | None":
    """Return how to reach the archive; a token in the extras replaces login and password."""
    from idh_tasks.endpoints import DicomwebSettings

    if archive is None:
        return None
    return _valid(DicomwebSettings, DICOMWEB, _web_server(archive))


def _changes(server: Connection | None) -> "ChangesSettings | None":
    """Return how to read the change feed of an Orthanc."""
    from idh_tasks.endpoints import ChangesSettings

    return _valid(ChangesSettings, str(PACS_CHANGES), _web_server(server)) if server is not None else None


def _fhir(server: Connection | None) -> "FhirSettings | None":
    """Return how to reach the laboratory's FHIR server, in the same way."""
    from idh_tasks.endpoints import FhirSettings

    return _valid(FhirSettings, FHIR, _web_server(server)) if server is not None else None


def _web_server(server: Connection) -> dict[str, object]:
    return {"url": server.host, "login": server.login, "password": server.password, **_filled(server)}


def _filled(connection: Connection) -> dict[str, object]:
    """Return the extras; a field that was left empty in the form stands for its default."""
    return {name: value for name, value in extras(connection).items() if value not in (None, "")}


def _store(store: Connection) -> "StoreSettings":
    from idh_tasks.endpoints import StoreSettings

    own = {"access_key": store.login or "", "secret_key": store.password or ""}
    return _valid(StoreSettings, STORE, {**own, **_filled(store)})


def _pacs(pacs: Connection | None) -> "PacsSettings | None":
    from idh_tasks.endpoints import PacsSettings

    if pacs is None:
        return None
    port = 104 if pacs.port is None else pacs.port
    return _valid(PacsSettings, PACS, {"host": pacs.host or "", "port": port, **_filled(pacs)})


def _valid(kind: type[S], name: str, content: Mapping[str, object]) -> S:
    """Return the settings in a Connection.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` naming the Connection and its fields that are unknown, missing or not valid; never a value.
    """
    from pydantic import ValidationError

    try:
        return kind.model_validate(content)
    except ValidationError as error:
        faults = sorted({_fault(one["loc"], one["type"]) for one in error.errors(include_input=False)})
        raise refused(name, *faults) from None


def _fault(place: Iterable[str | int], kind: str) -> str:
    field = ".".join(map(str, place))
    return f"{field} is unknown" if kind == "extra_forbidden" else f"{SHOWN.get(field, field)} {INVALID}"


def platform(role: Role) -> "Platform":
    """Open the platform as a role, with the Connections that an administrator set in Airflow.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` if a variable or a Connection is not valid.
    """
    from pydantic import SecretStr

    from idh_airflow.task_links import current_task
    from idh_tasks.configuration.problems import refuse_problems
    from idh_tasks.pipelines.platform import Platform
    from idh_tasks.settings import Settings

    refuse_problems(os.environ)
    laboratory, key = map(_optional, (PATHOLOGY, PSEUDONYM_KEY))
    settings = Settings(
        database_url=SecretStr(_sql_url(_required(role.connection))),
        pathology_url=SecretStr(_sql_url(laboratory)) if laboratory else None,
        pathology_private_network=_is_private(laboratory),
        # A process that handles no identifiers has no key; code that needs the key rejects an empty one.
        pseudonym_key=SecretStr((key and key.password) or ""),
        store=_store(_required(STORE)),
        pacs=_pacs(_optional(PACS)),
        dicomweb=_dicomweb(_optional(DICOMWEB)),
        fhir=_fhir(_optional(FHIR)),
        changes=_changes(_optional(PACS_CHANGES)) if PACS_CHANGES else None,
        task=current_task(),
    )
    return Platform(settings)


def recorder(role: Role) -> "Platform":
    """Open only the platform's database, which needs no other setting: bad ones can then be recorded, too."""
    from pydantic import SecretStr

    from idh_tasks.pipelines.platform import Platform
    from idh_tasks.settings import Settings

    return Platform(Settings.model_construct(database_url=SecretStr(_sql_url(_required(role.connection)))))


def origin(name: str) -> str:
    """Return where this process has a Connection from: its own environment comes before Airflow's database."""
    return "environment" if variables(name) else "Airflow"
