"""Turns Airflow's Connections into the settings of the pipelines."""

import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import Connection

from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.pipelines.platform import Platform
    from idh_tasks.settings import DicomwebSettings, FhirSettings

PATHOLOGY = "idh_pathology"
STORE = "idh_store"
PACS = "idh_pacs"
DICOMWEB = "idh_dicomweb"
FHIR = "idh_fhir"
PSEUDONYM_KEY = "idh_pseudonym_key"


def _sql_url(connection: Connection) -> str:
    """Return a SQLAlchemy URL; a folder as host is a Unix socket, and `driver` selects another database."""
    user = quote(connection.login or "", safe="")
    secret = f":{quote(connection.password, safe='')}" if connection.password else ""
    host = connection.host or ""
    driver = connection.extra_dejson.get("driver", "postgresql+psycopg2")
    if driver.startswith("sqlite"):
        return f"{driver}:///{connection.schema}"
    if host.startswith("/"):
        return f"{driver}://{user}{secret}@/{connection.schema}?host={quote(host, safe='/')}"
    port = f":{connection.port}" if connection.port else ""
    return f"{driver}://{user}{secret}@{host}{port}/{connection.schema}"


def _required(name: str) -> Connection:
    """Return a Connection of Airflow, or the one that only this process has: that of the pages in the API server.

    The API server gives each Connection that Airflow finds in it to every task, and therefore must not have any.
    """
    variable = f"IDH_CONN_{name.upper()}"
    if variable in os.environ:
        return Connection.from_json(os.environ[variable], conn_id=name)
    return Connection.get(name)


def _optional(name: str) -> Connection | None:
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        return None


def _dicomweb(archive: Connection | None) -> "DicomwebSettings | None":
    """Return how to reach the archive; a token in the extras replaces login and password."""
    from idh_tasks.settings import DicomwebSettings

    if archive is None:
        return None
    return DicomwebSettings.model_validate(_web_server(archive))


def _fhir(server: Connection | None) -> "FhirSettings | None":
    """Return how to reach the laboratory's FHIR server, in the same way."""
    from idh_tasks.settings import FhirSettings

    return FhirSettings.model_validate(_web_server(server)) if server is not None else None


def _web_server(server: Connection) -> dict[str, object]:
    return {"url": server.host, "login": server.login, "password": server.password, **server.extra_dejson}


def platform(role: Role) -> "Platform":
    """Open the platform as a role, with the Connections that an administrator set in Airflow."""
    from pydantic import SecretStr

    from idh_tasks.pipelines.platform import Platform
    from idh_tasks.settings import PacsSettings, Settings, StoreSettings

    store, pacs, laboratory, key = _required(STORE), *map(_optional, (PACS, PATHOLOGY, PSEUDONYM_KEY))
    settings = Settings(
        database_url=SecretStr(_sql_url(_required(role.connection))),
        pathology_url=SecretStr(_sql_url(laboratory)) if laboratory else None,
        # A process that handles no identifiers has no key; code that needs the key rejects an empty one.
        pseudonym_key=SecretStr((key and key.password) or ""),
        store=StoreSettings(
            access_key=store.login or "", secret_key=SecretStr(store.password or ""), **store.extra_dejson
        ),
        pacs=PacsSettings(host=pacs.host or "", port=pacs.port or 104, **pacs.extra_dejson) if pacs else None,
        dicomweb=_dicomweb(_optional(DICOMWEB)),
        fhir=_fhir(_optional(FHIR)),
    )
    return Platform(settings)
