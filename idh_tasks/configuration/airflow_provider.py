"""The platform's own types of Connections, with the fields of their forms in Airflow.

Airflow finds them by the package's entry point `apache_airflow_provider`, and imports no hook for a form.
"""

from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from idh_tasks.configuration.accepted import choices
from idh_tasks.endpoints import DicomwebSettings, FhirSettings, PacsSettings, StoreSettings

PACKAGE = "idh-platform"
STANDARD = ("host", "port", "url", "login", "password", "access_key", "secret_key")
"""Fields of the endpoints that are standard fields of a Connection (plugins/idh_airflow/connections.py)."""
JSON_TYPES = {int: "integer", float: "number", bool: "boolean"}
WEB_HIDDEN = ["schema", "port", "extra"]
BEHAVIOURS: dict[str, dict[str, Any]] = {
    "idh_pacs": {
        "hidden-fields": ["schema", "login", "password", "extra"],
        "relabeling": {"host": "Host of the PACS", "port": "Port of the PACS"},
    },
    "idh_dicomweb": {"hidden-fields": WEB_HIDDEN, "relabeling": {"host": "Address before /studies"}},
    "idh_fhir": {"hidden-fields": WEB_HIDDEN, "relabeling": {"host": "Address before /DiagnosticReport"}},
    "idh_store": {
        "hidden-fields": ["schema", "host", "port", "extra"],
        "relabeling": {"login": "Access key", "password": "Secret key"},
    },
}
"""How the standard fields of a form look, by type of Connection."""
MODELS: dict[str, tuple[str, type[BaseModel]]] = {
    "idh_pacs": ("PACS (DIMSE)", PacsSettings),
    "idh_dicomweb": ("Image archive (DICOMweb)", DicomwebSettings),
    "idh_fhir": ("Laboratory (FHIR)", FhirSettings),
    "idh_store": ("Buckets (S3)", StoreSettings),
}


def provider_info() -> dict[str, Any]:
    """Return what Airflow asks of a provider."""
    return {
        "package-name": PACKAGE,
        "name": "IDH platform",
        "description": "Connections of the IDH platform.",
        "connection-types": [_connection_type(kind, *named) for kind, named in MODELS.items()],
    }


def _connection_type(kind: str, name: str, model: type[BaseModel]) -> dict[str, Any]:
    fields = {field: info for field, info in model.model_fields.items() if field not in STANDARD}
    return {
        "connection-type": kind,
        "hook-name": f"IDH: {name}",
        "hook-class-name": f"idh_airflow.hooks.{kind.removeprefix('idh_').capitalize()}Hook",
        "ui-field-behaviour": _behaviour(kind),
        "conn-fields": {field: _form_field(field, info) for field, info in fields.items()},
    }


def _behaviour(kind: str) -> dict[str, Any]:
    """Return how a form looks; it says itself where it is not used."""
    note = f"Description (note: a worker with the variable AIRFLOW_CONN_{kind.upper()} does not use this form)"
    return BEHAVIOURS[kind] | {"relabeling": BEHAVIOURS[kind]["relabeling"] | {"description": note}}


def _form_field(name: str, info: FieldInfo) -> dict[str, Any]:
    kinds = (info.annotation, *get_args(info.annotation))
    schema: dict[str, Any] = {"type": [next((JSON_TYPES[k] for k in kinds if k in JSON_TYPES), "string"), "null"]}
    if values := choices(info.annotation):
        schema["enum"] = values
    if SecretStr in kinds:
        schema["format"] = "password"
    return {"label": name.replace("_", " ").capitalize(), "schema": schema, "description": info.description or ""}
