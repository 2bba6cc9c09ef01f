"""Each process, with exactly the secrets found in its environment, tries what it must not be able to do."""

import os
import subprocess
from collections.abc import Mapping

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import connection

from idh_tasks.local import orthanc
from idh_tasks.local.accounts import AIRFLOW_GROUP, COMPONENTS, PASSING_GROUP
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import LOGINS, Login, name_of
from idh_tasks.local.postgres import sockets
from idh_tasks.local.process import Service
from tests.attack.processes import (
    KEPT,
    DatabaseLogin,
    Topology,
    database_logins,
    environments,
    secrets_in,
    secrets_of,
    users_of,
)
from tests.attack.statements import EVERY, IDH, STATEMENTS, Forbidden

Environments = Mapping[str, dict[str, str]]
DATABASES = sorted(EVERY | {"postgres", "template1"})


@pytest.fixture(scope="module")
def held(attacked: Installation, topology: Topology) -> Environments:
    return environments(attacked, topology)


@pytest.fixture(scope="module")
def logins(held: Environments) -> set[DatabaseLogin]:
    found = {login for environment in held.values() for login in database_logins(environment)}
    assert {login.database for login in found} == EVERY, "the logins were found"
    return found


@pytest.fixture
def administrator(attacked: Installation) -> DatabaseLogin:
    name = name_of(Login.ADMINISTRATOR)
    return DatabaseLogin(name, attacked.database_password(Login.ADMINISTRATOR), str(sockets(attacked)), IDH)


def test_the_environment_of_a_process_holds_its_own_secrets_only(
    attacked: Installation, topology: Topology, held: Environments
) -> None:
    secrets = secrets_of(attacked)
    expected = {name: kept for name, kept in KEPT[topology].items() if name in held}
    assert {name: secrets_in(environment, secrets) for name, environment in held.items()} == expected


def succeeds(opened: connection, sql: str) -> bool:
    """Try a statement; only a refusal for lack of privileges counts as one."""
    with opened.cursor() as cursor:
        try:
            cursor.execute(sql)
        except InsufficientPrivilege:
            return False
        finally:
            opened.rollback()
    return True


def test_no_login_of_a_process_can_run_a_forbidden_statement(logins: set[DatabaseLogin]) -> None:
    for login in logins:
        opened = login.connect()
        wanted = [statement for statement in STATEMENTS if login.database in statement.databases]
        done = {statement.sql for statement in wanted if succeeds(opened, statement.sql)}
        opened.close()
        assert done == {statement.sql for statement in wanted if login.user in statement.needed_by}, login.user


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda statement: statement.sql)
def test_the_administrator_can_run_every_statement(administrator: DatabaseLogin, statement: Forbidden) -> None:
    opened = administrator.connect(sorted(statement.databases)[0] if IDH not in statement.databases else IDH)
    with opened.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # else, the audit log refuses even them
        cursor.execute(statement.sql)
    opened.rollback()
    opened.close()


def test_no_login_of_a_process_can_connect_to_another_database(logins: set[DatabaseLogin]) -> None:
    reached = [(login.user, other) for login in logins for other in DATABASES if other != login.database]
    assert [(user, other) for user, other in reached if admits(user_login(logins, user), other)] == []


def user_login(logins: set[DatabaseLogin], user: str) -> DatabaseLogin:
    return next(login for login in logins if login.user == user)


def admits(login: DatabaseLogin, database: str, password: str | None = None) -> bool:
    try:
        login.connect(database, password).close()
    except psycopg2.OperationalError as error:
        if "permission denied for database" not in str(error) and "password" not in str(error):
            raise
        return False
    return True


@pytest.mark.parametrize("user", [name_of(login) for login in LOGINS])
def test_no_login_is_admitted_without_its_password(administrator: DatabaseLogin, user: str) -> None:
    login = DatabaseLogin(user, "", administrator.host, "postgres")
    for password in ("", "wrong", user, administrator.password[:-1]):
        assert not admits(login, IDH, password)
    assert admits(administrator, IDH), "the server answers"


def test_a_password_opens_its_own_login_only(administrator: DatabaseLogin, logins: set[DatabaseLogin]) -> None:
    for thief in logins:
        for victim in map(name_of, LOGINS):
            opened = admits(DatabaseLogin(victim, thief.password, administrator.host, IDH), thief.database)
            assert opened == (victim == thief.user)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users")
def test_each_service_runs_as_a_user_of_its_own_and_none_as_root(attacked: Installation, topology: Topology) -> None:
    users = {name: users_of(attacked, name) for name in KEPT[topology] if name != orthanc.NAME or orthanc.installed()}
    assert not [name for name, own in users.items() if 0 in own]
    assert sum(map(len, users.values())) == len(users) == len(set().union(*users.values())), "one user per service"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users")
def test_no_component_can_read_the_environment_or_the_files_of_another(attacked: Installation) -> None:
    scheduler = Service(attacked, "scheduler").pid()
    for name in ("api-server", "dag-processor", "triggerer"):
        for path in (f"/proc/{scheduler}/environ", attacked.home / "secrets.json", attacked.home / "home-scheduler/x"):
            done = subprocess.run(  # noqa: S603 - ours
                ["cat", str(path)],  # noqa: S607
                user=COMPONENTS[name], group=AIRFLOW_GROUP, extra_groups=[PASSING_GROUP], cwd="/",
                capture_output=True, check=False,
            )  # fmt: skip
            assert (done.returncode, b"Permission denied" in done.stderr) == (1, True), (name, path)
