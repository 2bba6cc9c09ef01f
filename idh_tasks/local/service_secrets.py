"""The secrets of each process, natively and in docker/compose.yaml.

A secret is named by its environment variable. A process that is not listed gets none.
"""

from collections.abc import Iterable, Mapping

from idh_tasks.domain.role import Role

METADATA = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
FERNET = "AIRFLOW__CORE__FERNET_KEY"
TOKENS = "AIRFLOW__API_AUTH__JWT_SECRET"
SESSIONS = "AIRFLOW__API__SECRET_KEY"
ADMIN_PASSWORD = "IDH_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
BROKER = "AIRFLOW__CELERY__BROKER_URL"
RESULTS = "AIRFLOW__CELERY__RESULT_BACKEND"
MIGRATION = "IDH_DATABASE_URL"
PATHOLOGY = "AIRFLOW_CONN_IDH_PATHOLOGY"
PACS = "AIRFLOW_CONN_IDH_PACS"
PSEUDONYM_KEY = "AIRFLOW_CONN_IDH_PSEUDONYM_KEY"
STORE = "AIRFLOW_CONN_IDH_STORE"
PAGES_STORE = "IDH_CONN_IDH_STORE"
"""A name that Airflow does not know: its API server gives every Connection that it has to every task."""
STORE_ADMINISTRATOR = "AIRFLOW_CONN_IDH_STORE_ADMINISTRATOR"

DEFAULT_QUEUE = (Role.INGEST, Role.LINK, Role.PREPROCESS, Role.TRAIN, Role.PREDICT)
"""Roles of the tasks on queue `default`; of `retrain_models`, all but the training itself."""
CONNECTED = (*DEFAULT_QUEUE, Role.PAGES)
"""Roles that log in from a process of Airflow."""


def database(role: Role) -> str:
    """Return the secret that holds the Connection of a role; for that of the pages, see `PAGES_STORE`."""
    prefix = "IDH" if role is Role.PAGES else "AIRFLOW"
    return f"{prefix}_CONN_{role.connection.upper()}"


MATRIX: Mapping[str, frozenset[str]] = {
    # Migrates both databases, each as its owner, and creates pools, roles and the first administrator of the UI.
    "prepare": frozenset({METADATA, MIGRATION, ADMIN_PASSWORD}),
    # Creates the buckets.
    "prepare-store": frozenset({STORE_ADMINISTRATOR}),
    # Serves people and tasks; its pages read rows and pictures by pseudonymous ids, as `pages`.
    "api-server": frozenset({METADATA, FERNET, TOKENS, SESSIONS, database(Role.PAGES), PAGES_STORE}),
    # Issues a token per task; encrypts the callbacks of deadlines.
    "scheduler": frozenset({METADATA, FERNET, TOKENS, BROKER, RESULTS}),
    # Encrypts the triggers of asset watchers.
    "dag-processor": frozenset({METADATA, FERNET}),
    # Decrypts triggers; watches an image archive.
    "triggerer": frozenset({METADATA, FERNET, PACS}),
    # Runs every task that handles identifiers; has no access to Airflow's own database.
    "worker-default": frozenset(
        {BROKER, RESULTS, *map(database, DEFAULT_QUEUE), PATHOLOGY, PACS, PSEUDONYM_KEY, STORE}
    ),
    # Trains on patches and labels, as `train`; has no secret that leads to a patient.
    "worker-gpu": frozenset({BROKER, RESULTS, database(Role.TRAIN), STORE}),
}
EVERY_SECRET = frozenset().union(*MATRIX.values())


def environment_of(processes: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the secrets of other processes."""
    own = frozenset().union(*(MATRIX.get(name, frozenset()) for name in processes))
    return {name: value for name, value in environment.items() if name not in EVERY_SECRET - own}
