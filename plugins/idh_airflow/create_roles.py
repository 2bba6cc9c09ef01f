"""Brings the roles of FAB to those of this version, and creates the first administrator.

`python -m idh_airflow.create_roles` can be run again at any time.
"""

import os
from typing import Any

from idh_airflow.roles import PERMISSIONS, Permission, UserRole
from idh_tasks.local.airflow import USER
from idh_tasks.local.service_secrets import ADMIN_PASSWORD


def create_roles() -> None:
    """Create roles and the first administrator."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
    from airflow.utils.providers_configuration_loader import providers_configuration_loaded

    @providers_configuration_loaded
    def create() -> None:
        with get_application_builder() as builder:
            for role, permissions in PERMISSIONS.items():
                _set(builder.sm, role, permissions)
            builder.sm.sync_roles()
            if not builder.sm.count_users():
                _add_administrator(builder.sm)

    create()


def _set(security: Any, role: UserRole, permissions: frozenset[Permission]) -> None:
    """Give a role these permissions, and no others."""
    found = security.add_role(role.fab_name)
    for permission in list(found.permissions):
        if (permission.action.name, permission.resource.name) not in permissions:
            security.remove_permission_from_role(found, permission)
    for action, resource in sorted(permissions):
        security.add_permission_to_role(found, security.create_permission(action, resource))


def _add_administrator(security: Any) -> None:
    role = security.find_role(UserRole.ADMIN.fab_name)
    security.add_user(USER, USER, USER, "admin@localhost", role, os.environ[ADMIN_PASSWORD])


if __name__ == "__main__":
    create_roles()
