"""A login connects to the database of its own process and to no other one."""

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from idh_tasks.domain.role import Role
from idh_tasks.local.logins import Login
from idh_tasks.pipelines.platform import Platform
from tests.integration.test_roles import connected
from tests.roles import login_url


@pytest.mark.parametrize("login", [Login.AIRFLOW, Login.LABORATORY])
def test_a_login_of_another_database_cannot_connect_to_this_one(platform: Platform, login: Login) -> None:
    with pytest.raises(OperationalError, match="permission denied for database"), connected(platform, login):
        pass


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("database", ["airflow", "laboratory", "postgres"])
def test_no_role_can_connect_to_another_database(platform: Platform, role: Role, database: str) -> None:
    url = make_url(login_url(platform.settings.database_url.get_secret_value(), role)).set(database=database)
    with pytest.raises(OperationalError, match="permission denied for database"):
        create_engine(url, poolclass=NullPool).connect()
