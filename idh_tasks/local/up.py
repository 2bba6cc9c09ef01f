"""Starts and stops the whole platform on this machine, and reports its status."""

import os
from collections.abc import Callable

from pydantic import SecretStr

from idh_tasks.configuration.problems import refuse_problems
from idh_tasks.db.engine import Database
from idh_tasks.db.laboratory import fill_stand_in
from idh_tasks.domain.role import Role
from idh_tasks.local import airflow, logins, orthanc, postgres, seaweed
from idh_tasks.local.installation import ISSUER, Installation
from idh_tasks.local.logins import Login
from idh_tasks.local.process import Service, running
from idh_tasks.local.store_identities import Identity
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import Settings
from idh_tasks.store.objects import ObjectStore

Say = Callable[[str], None]


def settings(installation: Installation, role: Role) -> Settings:
    """Return the settings of the pipelines for this installation, logged in as a role."""
    return Settings(
        database_url=SecretStr(postgres.url(installation, logins.IDH, role)),
        pathology_url=SecretStr(postgres.url(installation, logins.LABORATORY, Login.LABORATORY)),
        pseudonym_key=SecretStr(installation.secrets["pseudonym_key"]),
        store=seaweed.settings(installation),
        pacs=orthanc.settings(installation) if orthanc.installed() else None,
        issuer=ISSUER,
    )


def laboratory(installation: Installation) -> Database:
    """Return the database that stands in for the laboratory's, to be filled; the platform may only read it."""
    return Database(postgres.url(installation, logins.LABORATORY, Login.ADMINISTRATOR))


def hospital(installation: Installation) -> ObjectStore:
    """Return the drop bucket, opened with the hospital's key, which may only add images."""
    store = seaweed.settings(installation, Identity.IMAGES)
    return ObjectStore(store, store.drop_bucket)


def services_up(installation: Installation, say: Say) -> Platform:
    """Start PostgreSQL, S3 and Orthanc, migrate our database, and return the platform as `monitor`.

    Raises
    ------
    RunRefusedError
        ``E_KEY`` if the installation's data were pseudonymised with another key.
    """
    _change_taken_ports(installation, say)
    say("PostgreSQL …")
    postgres.start(installation)
    say("S3 (SeaweedFS) …")
    seaweed.start(installation)
    if orthanc.installed():
        say("PACS (Orthanc) …")
        orthanc.start(installation)
    else:
        say("Orthanc is not installed: every study will come from the bucket")
    Platform(settings(installation, Role.OWNER)).database.migrate()
    _ = Platform(settings(installation, Role.INGEST)).pseudonymiser  # refuses another key
    fill_stand_in(laboratory(installation), [])
    return Platform(settings(installation, Role.MONITOR))


def _change_taken_ports(installation: Installation, say: Say) -> None:
    # What runs holds its port, and is reached there.
    if not running(installation):
        for name, port in installation.change_taken_ports().items():
            say(f"Another program has taken the port of {name}, which is now {port}")


def up(installation: Installation, say: Say) -> Platform:
    """Start everything, including Airflow; what is already running is left alone.

    Raises
    ------
    SettingsRefusedError
        ``E_SETTINGS`` if a variable of the environment or of `.idh/options.env` is unknown or not valid.
    """
    refuse_problems(os.environ)
    platform = services_up(installation, say)
    env = airflow.environment(installation)
    if not airflow.healthy(installation) or not all(status(installation).values()):
        say("Airflow: database, pools …")
        airflow.prepare(installation, env)
        say("Airflow: API server, scheduler, DAG processor, triggerer …")
        airflow.start(installation, env)
    return platform


def down(installation: Installation, say: Say) -> None:
    """Stop everything; data below `.idh/` are kept."""
    say("Airflow …")
    airflow.stop(installation)
    say("Orthanc, S3, PostgreSQL …")
    for name in (orthanc.NAME, seaweed.NAME):
        Service(installation, name).stop()
    postgres.stop(installation)


def status(installation: Installation) -> dict[str, bool]:
    """Return for each service whether it is running."""
    names = [seaweed.NAME, *airflow.COMPONENTS] + ([orthanc.NAME] if orthanc.installed() else [])
    running = {name: Service(installation, name).pid() is not None for name in names}
    return {"postgres": postgres.pid(installation) is not None, **running}
