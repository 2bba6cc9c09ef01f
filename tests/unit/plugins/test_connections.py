"""The pages use Connections that only their own process has, and that Airflow gives to nobody."""

import json
from typing import Any

import pytest
from airflow.sdk import Connection
from idh_airflow.connections import _dicomweb, _is_private, _optional, _pacs, _required, _sql_url, _store, platform

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


def connection(name: str = "idh_pacs", **fields: Any) -> Connection:
    """Return a Connection as Airflow's form makes it."""
    return Connection(conn_id=name, conn_type="generic", **fields)


def refusal(read: Any, *arguments: Any) -> str:
    with pytest.raises(SettingsRefusedError) as caught:
        read(*arguments)
    return str(caught.value.reason)


@pytest.mark.parametrize("title", ["", "    ", "A" * 17, "A\\B", "KÖLN", "A\tB"])
@pytest.mark.parametrize("field", ["called_aet", "calling_aet"])
def test_an_ae_title_is_one_of_dicom(field: str, title: str) -> None:
    titles = {"called_aet": "A TITLE OF [16]~", "calling_aet": "IDH"}
    pacs = _pacs(connection(host="pacs", extra=json.dumps(titles)))
    assert (pacs and pacs.called_aet, pacs and pacs.port) == (titles["called_aet"], 104)
    wrong = connection(host="pacs", extra=json.dumps(titles | {field: title}))
    assert refusal(_pacs, wrong) == f"Connection idh_pacs: {field} is missing or not valid"


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_none_can_be_is_refused(port: int) -> None:
    titles = json.dumps({"called_aet": "PACS", "calling_aet": "IDH"})
    sentence = "port is missing or not valid"
    assert refusal(_pacs, connection(host="pacs", port=port, extra=titles)) == f"Connection idh_pacs: {sentence}"
    database = connection("idh_db_link", host="db", schema="idh", port=port)
    assert refusal(_sql_url, database) == f"Connection idh_db_link: {sentence}"


@pytest.mark.parametrize("login", [None, ""])
def test_the_store_needs_a_login_and_a_password(login: str | None) -> None:
    store = connection("idh_store", login=login, password=login, extra='{"endpoint": "https://store"}')
    faults = "login (access key) is missing or not valid, password (secret key) is missing or not valid"
    assert refusal(_store, store) == f"Connection idh_store: {faults}"


def test_a_field_is_called_as_in_the_connection() -> None:
    assert refusal(_dicomweb, connection()) == "Connection idh_dicomweb: host (address) is missing or not valid"


def test_a_database_takes_the_parameters_of_its_driver() -> None:
    extra = json.dumps({"parameters": {"sslmode": "verify-full", "sslrootcert": "/ca of lis.pem"}})
    url = _sql_url(connection("idh_pathology", host="lis", schema="db", login="u", password="p", extra=extra))
    assert url == "postgresql+psycopg2://u:p@lis/db?sslmode=verify-full&sslrootcert=%2Fca+of+lis.pem"
    wrong = connection("idh_pathology", host="lis", extra='{"parameters": "sslmode=require"}')
    assert refusal(_sql_url, wrong) == "Connection idh_pathology: parameters is missing or not valid"


def test_only_a_plain_true_declares_the_laboratorys_network_private() -> None:
    declared = connection("idh_pathology", host="lis", extra='{"private_network": true}')
    assert [_is_private(one) for one in (declared, connection("idh_pathology", host="lis"), None)] == [
        True,
        False,
        False,
    ]
    wrong = connection("idh_pathology", host="lis", extra='{"private_network": "yes"}')
    assert refusal(_is_private, wrong) == "Connection idh_pathology: private_network is missing or not valid"


def test_a_form_gives_lists_and_objects_as_text() -> None:
    texts = {"move_destinations": '{"IDH1": 11112, "IDH2": "w2:11113"}', "peers": '["10.0.0.0/8"]'}
    titles = {"called_aet": "PACS", "calling_aet": "IDH"}
    pacs = _pacs(connection(host="pacs", extra=json.dumps(titles | texts)))
    assert pacs is not None
    assert pacs.move_destinations == {"IDH1": "11112", "IDH2": "w2:11113"}
    assert [str(network) for network in pacs.peers] == ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("move_destinations", '{"IDH1": 0}'),
        ("move_destinations", '{"IDH1": "host:"}'),
        ("move_destinations", '{"A TITLE THAT IS TOO LONG": 1}'),
        ("move_destinations", "IDH1:11112"),
        ("peers", '["pacs.local"]'),
        ("quiet_hours", "20:00-06:00"),
        ("retrieve_hours", "at night"),
        ("max_associations", 0),
        ("retrieves_per_hour", 0),
    ],
)
def test_a_limit_of_the_pacs_that_is_none_is_refused_by_name(field: str, value: object) -> None:
    titles = {"called_aet": "PACS", "calling_aet": "IDH"}
    faults = refusal(_pacs, connection(host="pacs", extra=json.dumps(titles | {field: value})))
    assert faults.startswith(f"Connection idh_pacs: {field}")
    assert faults.endswith("is missing or not valid")


@pytest.mark.parametrize("extra", ["[]", "[1]", '"text"', "5", "null", "{broken"])
@pytest.mark.parametrize("read", [_pacs, _store, _dicomweb, _sql_url])
def test_extras_are_a_json_object(read: Any, extra: str) -> None:
    assert refusal(read, connection("idh_x", host="h", extra=extra)) == "Connection idh_x: extra is not a JSON object"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"conn_type": "generic", "host": "pacs", "port": 0}', "port is missing or not valid"),
        ('{"conn_type": "generic", "host": "pacs", "port": "104a"}', "port is missing or not valid"),
        ('{"conn_type": "generic", "host": "pacs", "port": 65536}', "port is missing or not valid"),
        ('{"conn_type": "generic", "host": "pacs", "extra": ["s3cret"]}', "extra is not a JSON object"),
        ('{"conn_type": "generic", "extra": []}', "extra is not a JSON object"),
        ('{"password": "s3cret"', "{prefix}_CONN_IDH_STORE is not valid JSON"),
    ],
)
@pytest.mark.parametrize("prefix", ["IDH", "AIRFLOW"])
def test_what_airflow_would_skip_in_a_variable_is_refused(
    monkeypatch: pytest.MonkeyPatch, prefix: str, text: str, fault: str
) -> None:
    monkeypatch.setenv(f"{prefix}_CONN_IDH_STORE", text)
    for read in (_required, _optional):
        assert refusal(read, "idh_store") == f"Connection idh_store: {fault.format(prefix=prefix)}"


@pytest.mark.parametrize("text", ["[]", "s3cret", '{"hots": "s3cret"}'])
def test_a_variable_of_the_pages_that_is_no_connection_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("IDH_CONN_IDH_STORE", text)
    assert refusal(_required, "idh_store") == "Connection idh_store: IDH_CONN_IDH_STORE is not a Connection as JSON"


@pytest.mark.parametrize("text", ["generic://s3cret:pw@host:port", '{"hots": "s3cret"}'])
def test_a_variable_that_airflow_cannot_read_does_not_count_as_no_connection(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_IDH_PACS", text)
    fault = "AIRFLOW_CONN_IDH_PACS is not a Connection as JSON or URI"
    assert refusal(_optional, "idh_pacs") == f"Connection idh_pacs: {fault}"
