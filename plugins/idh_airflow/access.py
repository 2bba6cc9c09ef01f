"""Access to the plugin's pages: whoever may see a DAG may see its pages."""

from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import HTTPException, Path

StudyId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]


def require_dag(dag_id: str, user: GetUserDep) -> None:
    """Refuse users who may not see a DAG.

    Raises
    ------
    HTTPException
        403; unauthenticated requests have already received 401.
    """
    if not get_auth_manager().is_authorized_dag(method="GET", details=DagDetails(id=dag_id), user=user):
        raise HTTPException(403, f"you may not see {dag_id}")
