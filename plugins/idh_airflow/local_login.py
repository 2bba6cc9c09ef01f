"""Airflow's SimpleAuthManager with the roles of the platform, for one machine; compose runs FAB."""

from typing import Any, Final

from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager, SimpleAuthManagerRole
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

from idh_airflow.roles import CREATE, EDIT, PERMISSIONS, READ, Permission, UserRole

ACTIONS: Final = {"GET": READ, "POST": CREATE, "PUT": EDIT, "DELETE": "can_delete"}
RESOURCES: Final = {
    DagAccessEntity.AUDIT_LOG: {"Audit Logs"},
    DagAccessEntity.CODE: {"DAG Code"},
    DagAccessEntity.DEPENDENCIES: {"DAG Dependencies"},
    DagAccessEntity.HITL_DETAIL: {"HITL Detail"},
    DagAccessEntity.RUN: {"DAG Runs"},
    DagAccessEntity.TASK: {"Task Instances"},
    DagAccessEntity.TASK_INSTANCE: {"DAG Runs", "Task Instances"},
    DagAccessEntity.TASK_LOGS: {"Task Logs"},
    DagAccessEntity.VERSION: {"DAG Versions"},
    DagAccessEntity.WARNING: {"DAG Warnings"},
    DagAccessEntity.XCOM: {"XComs"},
}
"""As FAB has them."""


class LocalAuthManager(SimpleAuthManager):
    """Decides about DAGs as FAB does; for everything else, all but the administrator are viewers."""

    def is_authorized_dag(
        self,
        *,
        method: ResourceMethod,
        user: SimpleAuthManagerUser,
        access_entity: DagAccessEntity | None = None,
        details: DagDetails | None = None,
    ) -> bool:
        """Return whether a role has the action on the part of the DAG, and may read or else edit the DAG itself."""
        if user.role == UserRole.ADMIN:
            return True
        own, action = _permissions(user), ACTIONS[method]
        if access_entity is None:
            return _on_dag(own, action, details)
        parts = {(action, resource) for resource in RESOURCES[access_entity]}
        return parts <= own and _on_dag(own, READ if method == "GET" else EDIT, details)

    def is_authorized_custom_view(
        self, *, method: ResourceMethod, resource_name: str, user: SimpleAuthManagerUser
    ) -> bool:
        """Return whether a role has the action on a resource of the platform's own."""
        return user.role == UserRole.ADMIN or (ACTIONS[method], resource_name) in _permissions(user)

    @staticmethod
    def _is_authorized(*, user: SimpleAuthManagerUser, **asked: Any) -> bool:
        if user.role not in set(UserRole):
            return False
        level = SimpleAuthManagerRole.ADMIN if user.role == UserRole.ADMIN else SimpleAuthManagerRole.VIEWER
        leveled = SimpleAuthManagerUser(username=user.username, role=level.name, teams=user.teams)
        return bool(SimpleAuthManager._is_authorized(user=leveled, **asked))


def _permissions(user: SimpleAuthManagerUser) -> frozenset[Permission]:
    return PERMISSIONS[UserRole(user.role)] if user.role in set(UserRole) else frozenset()


def _on_dag(own: frozenset[Permission], action: str, details: DagDetails | None) -> bool:
    """Return whether an action is permitted on one DAG, or without one on every DAG."""
    return (action, "DAGs") in own or (details is not None and (action, f"DAG:{details.id}") in own)
