"""Airflow's form of a Connection has the fields that the platform reads, and its own names for them."""

import json
from importlib import import_module
from pathlib import Path

import airflow
import jsonschema  # type: ignore[import-untyped]
import pytest

from idh_tasks.configuration.airflow_provider import BEHAVIOURS, MODELS, STANDARD, provider_info

TYPES = {one["connection-type"]: one for one in provider_info()["connection-types"]}


def test_the_description_is_what_airflow_accepts() -> None:
    schema = Path(airflow.__file__).parent / "provider_info.schema.json"
    jsonschema.validate(provider_info(), json.loads(schema.read_text()))


@pytest.mark.parametrize("kind", MODELS)
def test_a_form_has_every_field_of_the_endpoint_once(kind: str) -> None:
    _, model = MODELS[kind]
    assert set(TYPES[kind]["conn-fields"]) == set(model.model_fields) - set(STANDARD)
    assert all(field["description"] for field in TYPES[kind]["conn-fields"].values())
    assert set(BEHAVIOURS[kind]["hidden-fields"]) >= {"extra", "schema"}


def test_a_choice_is_a_list_and_a_secret_is_hidden() -> None:
    assert TYPES["idh_pacs"]["conn-fields"]["retrieve"]["schema"]["enum"] == ["C-GET", "C-MOVE"]
    assert TYPES["idh_store"]["conn-fields"]["customer_key"]["schema"]["format"] == "password"
    assert TYPES["idh_pacs"]["conn-fields"]["query_limit"]["schema"]["type"] == ["integer", "null"]


@pytest.mark.parametrize("kind", MODELS)
def test_the_class_that_airflow_asks_for_exists(kind: str) -> None:
    module, _, name = TYPES[kind]["hook-class-name"].rpartition(".")
    hook = getattr(import_module(module), name)
    assert (hook.conn_type, hook.hook_name) == (kind, TYPES[kind]["hook-name"])
