"""Which process gets which secret: the same matrix natively and in docker/compose.yaml.

A secret is named by the environment variable that carries it. A process that is not named here gets none.
"""

from collections.abc import Iterable, Mapping

METADATA = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
FERNET = "AIRFLOW__CORE__FERNET_KEY"
TOKENS = "AIRFLOW__API_AUTH__JWT_SECRET"
SESSIONS = "AIRFLOW__API__SECRET_KEY"
PASSWORDS = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
BROKER = "AIRFLOW__CELERY__BROKER_URL"
RESULTS = "AIRFLOW__CELERY__RESULT_BACKEND"
MIGRATION = "IDH_DATABASE_URL"
DATABASE = "AIRFLOW_CONN_IDH_DB"
PATHOLOGY = "AIRFLOW_CONN_IDH_PATHOLOGY"
PACS = "AIRFLOW_CONN_IDH_PACS"
PSEUDONYM_KEY = "AIRFLOW_CONN_IDH_PSEUDONYM_KEY"
STORE = "AIRFLOW_CONN_IDH_STORE"
STORE_ADMINISTRATOR = "AIRFLOW_CONN_IDH_STORE_ADMINISTRATOR"

MATRIX: Mapping[str, frozenset[str]] = {
    # Migrates both databases and creates the pools.
    "prepare": frozenset({METADATA, MIGRATION}),
    # Creates the buckets.
    "prepare-store": frozenset({STORE_ADMINISTRATOR}),
    # Answers people and tasks; its pages read patients' rows and pictures by our ids, as the identity `pages`.
    "api-server": frozenset({METADATA, FERNET, TOKENS, SESSIONS, PASSWORDS, DATABASE, STORE}),
    # Hands a token to each task; encrypts what a deadline waits for.
    "scheduler": frozenset({METADATA, FERNET, TOKENS, BROKER, RESULTS}),
    # Stores what an asset watcher waits for, encrypted.
    "dag-processor": frozenset({METADATA, FERNET}),
    # Decrypts what it waits for; watches an archive.
    "triggerer": frozenset({METADATA, FERNET, PACS}),
    # Everything that reaches patients happens here; it has no way into Airflow's own database.
    "worker-default": frozenset({BROKER, RESULTS, DATABASE, PATHOLOGY, PACS, PSEUDONYM_KEY, STORE}),
    # Learns from patches and labels, as the identity `training`: no key that leads to a patient.
    "worker-gpu": frozenset({BROKER, RESULTS, DATABASE, STORE}),
}
EVERY_SECRET = frozenset().union(*MATRIX.values())


def environment_of(processes: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the secrets that none of these processes needs."""
    own = frozenset().union(*(MATRIX.get(name, frozenset()) for name in processes))
    return {name: value for name, value in environment.items() if name not in EVERY_SECRET - own}
