"""The pages use Connections that only their own process has, and that Airflow gives to nobody."""

import json

import pytest
from airflow.sdk import Connection
from idh_airflow.connections import _pacs, _store, platform

from idh_tasks.domain.role import Role
from idh_tasks.errors import SettingsRefusedError

DATABASE = {"conn_type": "postgres", "login": "idh_pages", "password": "p/w", "host": "/socket", "schema": "idh"}
STORE = {"conn_type": "aws", "login": "key", "password": "secret", "extra": {"endpoint": "http://127.0.0.1:1"}}


@pytest.mark.parametrize("prefix", ["IDH_CONN", "AIRFLOW_CONN"])
def test_the_platform_is_opened_with_connections_of_either_kind(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.setenv(f"{prefix}_IDH_DB_PAGES", json.dumps(DATABASE))
    monkeypatch.setenv(f"{prefix}_IDH_STORE", json.dumps(STORE))
    monkeypatch.setattr("idh_airflow.connections._optional", lambda _: None)
    settings = platform(Role.PAGES).settings
    assert settings.database_url.get_secret_value() == "postgresql+psycopg2://idh_pages:p%2Fw@/idh?host=/socket"
    assert (settings.store.access_key, settings.store.endpoint) == ("key", "http://127.0.0.1:1")


def test_a_field_left_empty_in_the_form_has_its_default() -> None:
    extra = {"called_aet": "PACS", "calling_aet": "IDH", "retrieve": None, "listen_port": None, "tls_ca": ""}
    pacs = _pacs(Connection(conn_id="idh_pacs", conn_type="idh_pacs", host="pacs", port=104, extra=json.dumps(extra)))
    assert pacs is not None
    assert (pacs.retrieve, pacs.listen_port, pacs.tls_ca) == ("C-GET", 11112, None)


def test_a_misspelt_field_is_refused_by_name_as_a_variable_is() -> None:
    titles = {"called_aet": "PACS", "calling_aet": "IDH"}
    extra = json.dumps(titles | {"tls_caa": "/secret/ca.pem", "listen_port": 0})
    pacs = Connection(conn_id="idh_pacs", conn_type="idh_pacs", port=104, extra=extra)
    with pytest.raises(SettingsRefusedError) as refused:
        _pacs(pacs)
    faults = "host is missing or not valid, listen_port is missing or not valid, tls_caa is unknown"
    assert refused.value.reason == f"Connection idh_pacs: {faults}"


def test_a_misspelt_bucket_does_not_become_the_default() -> None:
    extra = json.dumps({"endpoint": "https://store", "dropbucket": "of the hospital"})
    with pytest.raises(SettingsRefusedError, match=r"Connection idh_store: dropbucket is unknown$"):
        _store(Connection(conn_id="idh_store", conn_type="idh_store", login="key", password="s", extra=extra))
