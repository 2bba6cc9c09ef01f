"""Who may see what our routes show: those who may see the DAG it belongs to."""

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import HTTPException


def require_dag(dag_id: str, user: GetUserDep) -> None:
    """Let those pass who may see a DAG.

    Raises
    ------
    HTTPException
        403 for everybody else; who is nobody has got a 401 already.
    """
    if not get_auth_manager().is_authorized_dag(method="GET", details=DagDetails(id=dag_id), user=user):
        raise HTTPException(403, f"you may not see {dag_id}")
