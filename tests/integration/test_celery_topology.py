"""The topology of compose.yaml on one machine: Redis, CeleryExecutor, a worker for `default` and one for `gpu`."""

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest

from idh_tasks.db import results, training
from idh_tasks.domain.role import Role
from idh_tasks.local import seaweed, up
from idh_tasks.local.client import AirflowClient
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import wait_until
from idh_tasks.local.store_identities import Identity
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import promotion
from tests.attack import listening, sockets
from tests.attack.processes import KEPT, Topology, environments, secrets_in, secrets_of
from tests.factories import MARKER, dicom_bytes, instance
from tests.hospital import drop, outcomes, study
from tests.integration.test_ingest_phi import PLANTED
from tests.seed import seed_cohort
from tests.topology import celery_topology, redis_password

OPTIONS = {
    "IDH_LEARNING__EPOCHS": "20",
    "IDH_LEARNING__REPETITIONS": "1",
    "IDH_LEARNING__LEARNING_RATE": "0.003",
    "IDH_APPROVAL": "person",
    # A few phantoms are no evidence for any network.
    "IDH_LEARNING__PROMOTION_FLOOR": "0",
    "IDH_LEARNING__BASELINE_MARGIN": "1",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Installation]:
    with celery_topology(OPTIONS) as installation:
        yield installation


@pytest.mark.timeout(2400)  # six trainings, one after the other, beside other tests
def test_only_the_gpu_worker_trains_and_a_person_approves_the_champions(cluster: Installation) -> None:
    platform, client = _as_administrator(cluster), AirflowClient(cluster)
    seed_cohort(platform, mutants=5, wildtypes=5)
    assert wait_until(lambda: "retrain_models" in client.dag_ids(), 90, pause_s=1)
    run = client.trigger("retrain_models")
    tasks = f"/dags/retrain_models/dagRuns/{run}/taskInstances"
    assert wait_until(lambda: client.get(tasks, state="awaiting_input")["total_entries"] == 1, 1500, pause_s=2)
    assert promotion.champions(platform) == []

    question = f"{tasks}/approve/-1/hitlDetails"
    assert "rCBV: accepted**, the first champion" in client.get(question)["body"]
    client.patch(question, {"chosen_options": ["RCBV"]})
    assert wait_until(lambda: _state(client, run) in ("success", "failed"), 120, pause_s=1)
    assert _state(client, run) == "success"
    assert [model.sequence for model in promotion.champions(platform)] == ["RCBV"]
    assert {event.actor for event in promotion.history(platform) if event.action == "promoted"} == {"admin"}

    with platform.database.begin() as transaction:
        latest = training.latest_promoted_run(transaction)
        assert latest is not None
        workers = {result.worker for result in results.of_run(transaction, latest.run_id).values()}
    assert workers == {f"gpu@{socket.gethostname()}"}
    queues = {task["task_id"]: task["queue"] for task in client.get(tasks)["task_instances"]}
    others = ("freeze_cohort", "search_twins", "wanted", "evaluate", "judge", "approve", "promote")
    assert queues == dict.fromkeys(others, "default") | {"train_sequence": "gpu"}


def test_h02_no_identifier_of_a_patient_goes_through_the_broker(cluster: Installation) -> None:
    platform, client = _as_administrator(cluster), AirflowClient(cluster)
    drop(platform, "one Zebedee", study(), **{"Zebedee.dcm": dicom_bytes(instance(PatientName=MARKER, Rows=9))})
    watch = ["redis-cli", "-p", str(cluster.ports["redis"]), "monitor"]
    login = {**os.environ, "REDISCLI_AUTH": redis_password(cluster)}
    with subprocess.Popen(watch, stdout=subprocess.PIPE, env=login) as broker:  # noqa: S603 - ours
        run = client.trigger("ingest_studies")
        assert wait_until(lambda: _ended(client, "ingest_studies", run), 240, pause_s=1)
        broker.terminate()
        traffic = broker.communicate()[0]
    assert outcomes(platform) == {"ingested": 1}
    assert traffic.count(b"ingest_studies") > 3, "the traffic was recorded"
    assert [marker for marker in PLANTED if marker in traffic] == []


def _as_administrator(installation: Installation) -> Platform:
    """Return a platform that may also deliver, as a hospital does."""
    store = seaweed.settings(installation, Identity.ADMINISTRATOR)
    return Platform(up.settings(installation, Role.OWNER).model_copy(update={"store": store}))


def test_it_listens_where_it_may_and_each_process_has_its_own_secrets_only(cluster: Installation) -> None:
    """`make attack` tries more."""
    assert listening.complaints(cluster) + sockets.complaints(cluster) == []
    secrets, kept = secrets_of(cluster), KEPT[Topology.CELERY]
    held = environments(cluster, Topology.CELERY)
    assert {name: secrets_in(held[name], secrets) for name in held} == {name: kept[name] for name in held}


def test_the_broker_takes_nobody_without_the_password(cluster: Installation) -> None:
    with socket.create_connection(("127.0.0.1", cluster.ports["redis"]), 5) as broker:
        broker.sendall(b"PING\r\n")
        assert broker.recv(64).startswith(b"-NOAUTH")


def _ended(client: AirflowClient, dag: str, run: str) -> bool:
    return any(r["dag_run_id"] == run and r["state"] in ("success", "failed") for r in client.runs(dag))


def _state(client: AirflowClient, run: str) -> str:
    return next(str(r["state"]) for r in client.runs("retrain_models") if r["dag_run_id"] == run)
