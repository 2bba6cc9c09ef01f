"""Starts the DAGs that follow a change made on a page."""

from datetime import UTC, datetime
from typing import Any

from airflow.assets.manager import asset_manager
from airflow.models.asset import AssetModel
from airflow.sdk import Asset
from sqlalchemy import select
from sqlalchemy.orm import Session


def changed(session: Session, asset: Asset, **extra: Any) -> None:
    """Record an event of an asset: the DAGs that are scheduled by it start."""
    model = session.scalar(select(AssetModel).where(AssetModel.uri == asset.uri, AssetModel.name == asset.name))
    if model is not None:
        asset_manager.register_asset_change(
            asset=model, timestamp=datetime.now(UTC), extra=extra, source_is_api=True, session=session
        )
