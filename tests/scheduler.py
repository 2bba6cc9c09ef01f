"""Runs one DAG without a scheduler process: tasks run in this process and call Airflow's real APIs and database."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger, handle_event_submit
from airflow.sdk import timezone
from airflow.sdk._shared.module_loading import import_string
from airflow.sdk.api.client import Client, ServerResponseError
from airflow.sdk.api.datamodels._generated import TaskInstance as RunnableTask
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse
from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor, run_task_in_process
from airflow.triggers.base import BaseTrigger, TriggerEvent
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from fastapi.testclient import TestClient
from idh_airflow.triggers import close_question, earlier_answer
from sqlalchemy import select
from sqlalchemy.orm import Session

from idh_tasks.settings import ROOT

BUNDLE = "dags-folder"
LONG_AGO = timedelta(days=30)


@dataclass(frozen=True)
class Place:
    """Where a task instance is in a run; a retry or a clear puts another attempt in the same place."""

    run_id: str
    task_id: str
    map_index: int


class Scheduler:
    """Schedules one DAG as Airflow does, but each step happens when a test calls it."""

    def __init__(self, dag_id: str) -> None:
        initdb()
        self._api = TestClient(create_app(apps="core"))
        bag = DagBag(str(ROOT / "dags" / f"{dag_id}.py"), bundle_name=BUNDLE)
        with create_session() as session:
            DagBundlesManager().sync_bundles_to_db(session=session)  # type: ignore[no-untyped-call]
        sync_bag_to_db(bag, BUNDLE, None)
        self.dag = bag.dags[dag_id]

    def request(self, method: str, path: str, user: str = "mary", **content: Any) -> httpx.Response:
        """Call Airflow's public API as a user."""
        token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=user, role="admin"))
        address = f"http://testserver/api/v2/dags/{self.dag.dag_id}{path}"
        return self._api.request(method, address, headers={"Authorization": f"Bearer {token}"}, **content)

    def trigger(self) -> str:
        """Create a run and return its id."""
        run_id = uuid4().hex
        with create_session() as session:
            dag = DBDagBag().get_latest_version_of_dag(self.dag.dag_id, session=session)
            if dag is None:
                raise AssertionError("the DAG is in the database")
            dag.create_dagrun(
                run_id=run_id, run_after=timezone.utcnow(), run_type=DagRunType.MANUAL, state=DagRunState.RUNNING,
                triggered_by=DagRunTriggeredByType.TEST, session=session,
            )  # fmt: skip
        return run_id

    def work(self, run_id: str) -> None:
        """Run every task that may start now, until the others wait for people or for the next attempt."""
        while ready := self._ready(run_id):
            for place in ready:
                self._run(place)

    def settle(self, run_id: str) -> None:
        """Run everything up to where only a person can help, with retries and with what the triggerer does."""
        self.work(run_id)
        while self._end_pauses(run_id) or self._fire_triggers(run_id):
            self.work(run_id)

    def _end_pauses(self, run_id: str) -> bool:
        with create_session() as session:
            paused = [i for i in self._instances(session, run_id) if i.state == TaskInstanceState.UP_FOR_RETRY]
            for instance in paused:
                instance.end_date = timezone.utcnow() - LONG_AGO
        return bool(paused)

    def _fire_triggers(self, run_id: str) -> bool:
        """Run the trigger of every deferred task and resume the task, as the triggerer does."""
        with create_session() as session:
            deferred = [i for i in self._instances(session, run_id) if i.state == TaskInstanceState.DEFERRED]
            triggers = [session.get_one(Trigger, i.trigger_id) for i in deferred]
            waiting = [(UUID(str(i.id)), t.classpath, dict(t.kwargs)) for i, t in zip(deferred, triggers, strict=True)]
        for instance, classpath, values in waiting:
            self._fire(instance, import_string(classpath)(**values))
        return bool(waiting)

    def _fire(self, instance: UUID, trigger: BaseTrigger) -> None:
        client = InProcessTestSupervisor._api_client(self.dag)  # type: ignore[no-untyped-call]
        with _triggerer(client):
            event = asyncio.run(_first_event(trigger))
        with create_session() as session:
            handle_event_submit(event, task_instance=session.get_one(TaskInstance, instance), session=session)

    def crash(self, place: Place) -> None:
        """Let the scheduler take a task for crashed, as if its process had not ended by the time it was resumed."""
        with create_session() as session:
            self._instance(session, place).handle_failure("the process has ended unexpectedly", session=session)

    def time_out(self, run_id: str) -> None:
        """Let the time for all answers of a run pass."""
        with create_session() as session:
            for instance in self._instances(session, run_id):
                if instance.state == TaskInstanceState.AWAITING_INPUT:
                    instance.trigger_timeout = timezone.utcnow() - LONG_AGO
        SchedulerJobRunner(Job()).check_awaiting_input_timeouts()  # type: ignore[no-untyped-call]

    def clear(self, run_id: str, task_id: str, map_index: int | None = None, *, downstream: bool = False) -> int:
        """Clear a task as a person does in the UI; return the status of the response."""
        task = task_id if map_index is None else [task_id, map_index]
        order = {
            "dry_run": False, "dag_run_id": run_id, "task_ids": [task], "only_failed": False,
            "include_downstream": downstream,
        }  # fmt: skip
        return self.request("POST", "/clearTaskInstances", json=order).status_code

    def shown(self, place: Place) -> dict[str, Any] | None:
        """Return what Airflow shows for a place, or None."""
        detail = self.request("GET", _hitl(place))
        return detail.json() if detail.status_code == httpx.codes.OK else None

    def answer(self, place: Place, *options: str, user: str = "mary", **form: str) -> int:
        """Answer as a person does in the UI; return the status of the response."""
        content = {"chosen_options": list(options), "params_input": form}
        return self.request("PATCH", _hitl(place), user, json=content).status_code

    def states(self, run_id: str, task_id: str) -> dict[int, str | None]:
        """Return the state of each instance of a task by its map index."""
        with create_session() as session:
            return {i.map_index: i.state for i in self._instances(session, run_id) if i.task_id == task_id}

    def _ready(self, run_id: str) -> list[Place]:
        with create_session() as session:
            run = session.scalars(select(DagRun).where(DagRun.run_id == run_id)).one()
            run.set_state(DagRunState.RUNNING)
            run.dag = DBDagBag().get_dag_for_run(run, session=session)
            startable, _ = run.update_state(session=session, execute_callbacks=False)
            for instance in startable:
                # A resumed task continues its attempt.
                instance.try_number += instance.next_method is None
                instance.state = TaskInstanceState.SCHEDULED
            session.flush()
            return [
                Place(run_id, i.task_id, i.map_index)
                for i in self._instances(session, run_id)
                if i.state == TaskInstanceState.SCHEDULED
            ]

    def _run(self, place: Place) -> None:
        with create_session() as session:
            instance = self._instance(session, place)
            instance.state = TaskInstanceState.QUEUED
            task = RunnableTask(
                id=UUID(str(instance.id)), task_id=place.task_id, dag_id=self.dag.dag_id, run_id=place.run_id,
                try_number=instance.try_number, map_index=place.map_index,
                dag_version_id=UUID(str(instance.dag_version_id)),
            )  # fmt: skip
        run_task_in_process(ti=task, task=self.dag.task_dict[place.task_id])

    def _instances(self, session: Session, run_id: str) -> list[TaskInstance]:
        return list(session.scalars(select(TaskInstance).where(TaskInstance.run_id == run_id)))

    def _instance(self, session: Session, place: Place) -> TaskInstance:
        [instance] = [
            i
            for i in self._instances(session, place.run_id)
            if (i.task_id, i.map_index) == (place.task_id, place.map_index)
        ]
        return instance


def _hitl(place: Place) -> str:
    return f"/dagRuns/{place.run_id}/taskInstances/{place.task_id}/{place.map_index}/hitlDetails"


async def _first_event(trigger: BaseTrigger) -> TriggerEvent:
    event: TriggerEvent = await anext(trigger.run())
    return event


@contextmanager
def _triggerer(client: Client) -> Iterator[None]:
    """Let triggers ask Airflow's API as in the triggerer, and let none of them wait."""

    def refused(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(**values: Any) -> Any:
            try:
                return function(**values)
            except ServerResponseError:
                raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR)) from None

        return call

    read, write = refused(client.hitl.get_detail_response), refused(client.hitl.update_response)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(earlier_answer, "SETTLED_S", 0)
        for module in (earlier_answer, close_question):
            patched.setattr(module, "get_hitl_detail_content_detail", read)
        patched.setattr(close_question, "update_hitl_detail_response", write)
        yield
