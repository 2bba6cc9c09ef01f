"""Starts the DAGs that follow a change made on a page, or that a page offers."""

from datetime import UTC, datetime
from typing import Any

from airflow.api.common.trigger_dag import trigger_dag
from airflow.assets.manager import asset_manager
from airflow.exceptions import DagNotFound
from airflow.models.asset import AssetModel
from airflow.sdk import Asset
from airflow.utils.types import DagRunTriggeredByType
from fastapi import HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session


def changed(session: Session, asset: Asset, **extra: Any) -> None:
    """Record an event of an asset: the DAGs that are scheduled by it start, unless Airflow has not read them yet."""
    model = session.scalar(select(AssetModel).where(AssetModel.uri == asset.uri, AssetModel.name == asset.name))
    if model is not None:
        asset_manager.register_asset_change(
            asset=model, timestamp=datetime.now(UTC), extra=extra, source_is_api=True, session=session
        )


def started(session: Session, dag_id: str, user: str, **conf: Any) -> None:
    """Trigger a run of a DAG with parameters, in the name of a user.

    Raises
    ------
    HTTPException
        409 if Airflow has not read the DAG.
    """
    try:
        trigger_dag(
            dag_id, conf=conf, triggered_by=DagRunTriggeredByType.UI, triggering_user_name=user, session=session
        )
    except DagNotFound:
        raise HTTPException(409, f"Airflow has not read the DAG {dag_id} yet; try again in a minute") from None
