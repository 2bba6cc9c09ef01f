"""The login of the demo: the six roles, decided as FAB decides (tests/attack compares both over HTTP)."""

import pytest
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from idh_airflow.local_login import LocalAuthManager
from idh_airflow.roles import REPORT_TEXTS, UserRole

from idh_tasks.local import airflow


@pytest.fixture
def manager() -> LocalAuthManager:
    """Return the manager, without its file of passwords."""
    return LocalAuthManager()  # type: ignore[no-untyped-call] # Airflow's


def somebody(role: str | None) -> SimpleAuthManagerUser:
    return SimpleAuthManagerUser(username="somebody", role=role)


def test_there_is_a_user_for_every_role() -> None:
    assert sorted(airflow.USERS.values()) == sorted(UserRole)


@pytest.mark.parametrize("role", UserRole)
def test_report_texts_are_for_pathology_readers_and_administrators(manager: LocalAuthManager, role: UserRole) -> None:
    may = manager.is_authorized_custom_view(method="GET", resource_name=REPORT_TEXTS, user=somebody(role))
    assert may == (role in (UserRole.PATHOLOGY_READER, UserRole.ADMIN))


@pytest.mark.parametrize("role", [None, "", "op", "user", "VIEWER", "Admin"])
def test_a_role_that_is_not_ours_may_do_nothing(manager: LocalAuthManager, role: str | None) -> None:
    user = somebody(role)
    assert not manager.is_authorized_dag(method="GET", details=DagDetails(id="ingest_studies"), user=user)
    assert not manager.is_authorized_pool(method="GET", user=user)
    assert not manager.is_authorized_custom_view(method="GET", resource_name=REPORT_TEXTS, user=user)


@pytest.mark.parametrize("entity", DagAccessEntity)
def test_every_part_of_a_dag_is_decided(manager: LocalAuthManager, entity: DagAccessEntity) -> None:
    details = DagDetails(id="ingest_studies")
    for role in UserRole:
        if manager.is_authorized_dag(method="DELETE", access_entity=entity, details=details, user=somebody(role)):
            assert role is UserRole.ADMIN
