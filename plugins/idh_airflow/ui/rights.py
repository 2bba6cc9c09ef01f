"""Who may do what on the pages: each right is one that Airflow's auth manager grants."""

from collections.abc import Callable
from enum import Enum
from functools import cached_property
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, HTTPException, Request
from fastapi.params import Depends as Dependency

from idh_airflow.roles import REPORT_TEXTS


class Right(Enum):
    """A right of the pages: the method, the DAG or resource of ours, and the part of the DAG on which it is needed."""

    VIEW = ("GET", "ingest_studies", None)
    OPERATE = ("POST", "ingest_studies", DagAccessEntity.RUN)
    REVIEW = ("PUT", "review_cases", DagAccessEntity.HITL_DETAIL)
    APPROVE = ("PUT", "retrain_models", DagAccessEntity.HITL_DETAIL)
    AUDIT = ("GET", "ingest_studies", DagAccessEntity.AUDIT_LOG)
    READ_REPORTS = ("GET", REPORT_TEXTS, None)

    @cached_property
    def _asked_of_airflow(self) -> Callable[..., Any]:
        """Return Airflow's function that refuses users without the right."""
        method: ResourceMethod = self.value[0]
        if self is Right.READ_REPORTS:
            return _requires_access_to(method, self.value[1])
        return requires_access_dag(method, self.value[2], param_dag_id=self.value[1])

    @cached_property
    def check(self) -> Callable[..., Any]:
        """Return the function that refuses users without the right, and keeps the user with the request."""
        asked = self._asked_of_airflow

        def check(request: Request, user: GetUserDep) -> None:
            request.state.reader = user
            asked(request, user)

        return check

    @property
    def dependency(self) -> Dependency:
        """Return the dependency of a route: 401 without a login, 403 without the right."""
        dependency: Dependency = Depends(self.check)
        return dependency

    def is_held_by_reader_of(self, request: Request) -> bool:
        """Return whether the user of a request has the right, so that a button of it would not be refused."""
        user = reader(request)
        if user is None:
            return False
        try:
            self._asked_of_airflow(request, user)
        except HTTPException:
            return False
        return True


def _requires_access_to(method: ResourceMethod, resource: str) -> Callable[[Request, BaseUser], None]:
    """Return the function that refuses users who may not do this with a resource of ours."""

    def asked(_: Request, user: BaseUser) -> None:
        if not get_auth_manager().is_authorized_custom_view(method=method, resource_name=resource, user=user):
            raise HTTPException(403, "you may not read this")

    return asked


def reader(request: Request) -> BaseUser | None:
    """Return the user of a request, or None if nobody is logged in."""
    user: BaseUser | None = getattr(request.state, "reader", None)
    return user
