"""Who may do what on the pages: each right is one that Airflow's auth manager grants on a DAG."""

from enum import Enum

from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends
from fastapi.params import Depends as Dependency


class Right(Enum):
    """A right of the pages: the method, the DAG and the part of it on which a user must have it."""

    VIEW = ("GET", "ingest_studies", None)
    OPERATE = ("POST", "ingest_studies", DagAccessEntity.RUN)
    REVIEW = ("PUT", "review_cases", DagAccessEntity.HITL_DETAIL)
    APPROVE = ("PUT", "retrain_models", DagAccessEntity.HITL_DETAIL)
    AUDIT = ("GET", "ingest_studies", DagAccessEntity.AUDIT_LOG)

    @property
    def dependency(self) -> Dependency:
        """Return the dependency of a route: 401 without a login, 403 without the right."""
        method: ResourceMethod = self.value[0]
        dependency: Dependency = Depends(requires_access_dag(method, self.value[2], param_dag_id=self.value[1]))
        return dependency
