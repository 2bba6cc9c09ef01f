"""Each process gets its own secrets."""

from idh_tasks.local.service_secrets import EVERY_SECRET, MATRIX, METADATA, PSEUDONYM_KEY, TOKENS, environment_of

ENVIRONMENT = dict.fromkeys(EVERY_SECRET, "secret") | {"IDH_ISSUER": "LOCAL"}


def test_a_process_gets_its_secrets_and_every_plain_setting() -> None:
    for process, names in MATRIX.items():
        assert environment_of([process], ENVIRONMENT).keys() == names | {"IDH_ISSUER"}


def test_an_unknown_process_gets_no_secret() -> None:
    assert environment_of(["new"], ENVIRONMENT) == {"IDH_ISSUER": "LOCAL"}


def test_several_roles_in_one_process_add_up() -> None:
    both = environment_of(["scheduler", "worker-gpu"], ENVIRONMENT).keys() - {"IDH_ISSUER"}
    assert both == MATRIX["scheduler"] | MATRIX["worker-gpu"]


def test_the_gpu_worker_cannot_identify_patients_and_no_worker_reaches_airflows_database() -> None:
    assert PSEUDONYM_KEY not in MATRIX["worker-gpu"]
    assert {name for name, names in MATRIX.items() if PSEUDONYM_KEY in names} == {"worker-default"}
    assert {name for name in MATRIX["worker-gpu"] if "_IDH_DB_" in name} == {"AIRFLOW_CONN_IDH_DB_TRAIN"}
    assert {name for name in MATRIX["api-server"] if "_IDH_DB_" in name} == {"IDH_CONN_IDH_DB_PAGES"}
    assert not [name for name in MATRIX["api-server"] if name.startswith("AIRFLOW_CONN_")], "every task gets these"
    for worker in ("worker-default", "worker-gpu"):
        assert not MATRIX[worker] & {METADATA, TOKENS}
