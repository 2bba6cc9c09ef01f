"""The DAGs that a page starts."""

import pytest
from airflow.assets.manager import asset_manager
from airflow.exceptions import DagNotFound
from airflow.models.asset import AssetModel
from fastapi import HTTPException
from idh_airflow.assets import ANSWERS
from idh_airflow.ui import wake
from sqlalchemy import create_engine
from sqlalchemy.orm import Session


def test_a_dag_that_airflow_has_not_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> None:
        raise DagNotFound

    monkeypatch.setattr(wake, "trigger_dag", absent)
    with pytest.raises(HTTPException, match="has not read the DAG check_sources yet") as refused:
        wake.started(Session(), "check_sources", "mary")
    assert refused.value.status_code == 409


def test_a_change_is_recorded_once_airflow_knows_the_asset(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[str] = []
    monkeypatch.setattr(asset_manager, "register_asset_change", lambda asset, **_: registered.append(asset.name))
    engine = create_engine("sqlite://")
    AssetModel.metadata.create_all(engine, tables=[AssetModel.__table__])
    with Session(engine) as session:
        wake.changed(session, ANSWERS)
        assert registered == []
        session.add(AssetModel(name=ANSWERS.name, uri=ANSWERS.uri))
        session.flush()
        wake.changed(session, ANSWERS)
    engine.dispose()
    assert registered == [ANSWERS.name]
