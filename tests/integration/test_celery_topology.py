"""The topology of compose.yaml on one machine: Redis, CeleryExecutor, a worker for `default` and one for `gpu`."""

import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator

import psutil
import pytest

from idh_tasks.db import results, training
from idh_tasks.domain.role import Role
from idh_tasks.local import airflow, seaweed, service_secrets, up
from idh_tasks.local.client import AirflowClient
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service, await_ready, wait_until
from idh_tasks.local.store_identities import Identity
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import promotion
from tests.attack import listening
from tests.conftest import temporary_installation
from tests.factories import MARKER, dicom_bytes, instance
from tests.hospital import drop, outcomes, study
from tests.integration.test_ingest_phi import PLANTED
from tests.seed import seed_cohort


@pytest.fixture(scope="module")
def cluster() -> Iterator[Installation]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with temporary_installation() as installation:
        _start(installation)
        yield installation
        for name in ("worker-default", "worker-gpu", "redis"):
            Service(installation, name).stop()


def _start(installation: Installation) -> None:
    up.services_up(installation, print)
    env = _environment(installation)
    _start_redis(installation)
    airflow.prepare(installation, env)
    airflow.start(installation, env)
    for queue in ("default", "gpu"):
        command = airflow.command(
            *("celery", "worker", "--queues", queue, "--concurrency", "1", "--celery-hostname", queue),
            airflow.NO_LOG_SERVER,
        )
        own = airflow.environment_of(installation, f"worker-{queue}", env)
        Service(installation, f"worker-{queue}").start(command, {**own, "IDH_WORKER": queue})


def _environment(installation: Installation) -> dict[str, str]:
    broker = f"redis://:{_redis_password(installation)}@127.0.0.1:{installation.ports['redis']}"
    return airflow.environment(installation, "CeleryExecutor") | {
        "IDH_LEARNING__EPOCHS": "20",
        "IDH_LEARNING__LEARNING_RATE": "0.003",
        "IDH_APPROVAL": "person",
        # Processes that rename themselves leave their environment readable: a test looks at it.
        "SPT_NOENV": "1",
        "AIRFLOW__CELERY__BROKER_URL": f"{broker}/0",
        # Not in Airflow's own database, which no worker can reach.
        "AIRFLOW__CELERY__RESULT_BACKEND": f"{broker}/1",
    }


def _redis_password(installation: Installation) -> str:
    return hashlib.sha256(installation.secrets["jwt_secret"].encode()).hexdigest()


def _start_redis(installation: Installation) -> None:
    port = installation.ports["redis"]
    service = Service(installation, "redis")
    lines = (f"port {port}", "bind 127.0.0.1", 'save ""', f"requirepass {_redis_password(installation)}")
    service.start(["redis-server", str(installation.write_private("redis.conf", "\n".join(lines)))], {})

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await_ready(service, listens, 20)


def test_only_the_gpu_worker_trains_and_a_person_approves_the_champions(cluster: Installation) -> None:
    platform, client = _as_administrator(cluster), AirflowClient(cluster)
    seed_cohort(platform, mutants=5, wildtypes=5)
    assert wait_until(lambda: "retrain_models" in client.dag_ids(), 90, pause_s=1)
    run = client.trigger("retrain_models")
    tasks = f"/dags/retrain_models/dagRuns/{run}/taskInstances"
    assert wait_until(lambda: client.get(tasks, state="awaiting_input")["total_entries"] == 1, 600, pause_s=2)
    assert promotion.champions(platform) == []

    question = f"{tasks}/approve/-1/hitlDetails"
    assert "RCBV: the first champion" in client.get(question)["body"]
    client.patch(question, {"chosen_options": ["Approve"]})
    assert wait_until(lambda: _state(client, run) in ("success", "failed"), 120, pause_s=1)
    assert _state(client, run) == "success"
    assert "RCBV" in {model.sequence for model in promotion.champions(platform)}
    assert {event.actor for event in promotion.history(platform) if event.action == "promoted"} == {"admin"}

    with platform.database.begin() as transaction:
        latest = training.latest_promoted_run(transaction)
        assert latest is not None
        workers = {result.worker for result in results.of_run(transaction, latest.run_id).values()}
    assert workers == {f"gpu@{socket.gethostname()}"}
    queues = {task["task_id"]: task["queue"] for task in client.get(tasks)["task_instances"]}
    others = ("freeze_cohort", "evaluate", "judge", "approve", "promote")
    assert queues == dict.fromkeys(others, "default") | {"train_sequence": "gpu"}


def test_h02_no_identifier_of_a_patient_goes_through_the_broker(cluster: Installation) -> None:
    platform, client = _as_administrator(cluster), AirflowClient(cluster)
    drop(platform, "one Zebedee", study(), **{"Zebedee.dcm": dicom_bytes(instance(PatientName=MARKER, Rows=9))})
    watch = ["redis-cli", "-p", str(cluster.ports["redis"]), "monitor"]
    login = {**os.environ, "REDISCLI_AUTH": _redis_password(cluster)}
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


def test_every_port_of_the_topology_is_on_the_list_and_on_loopback(cluster: Installation) -> None:
    names = listening.allowed(cluster)
    heard = {names[listener.port] for listener in listening.listeners(cluster) if listener.port in names}
    assert heard >= {"airflow", "redis", "s3"}
    assert listening.complaints(cluster) == []


@pytest.mark.parametrize(("component", "kept"), service_secrets.MATRIX.items())
def test_a_process_has_its_own_secrets_only(cluster: Installation, component: str, kept: frozenset[str]) -> None:
    pid = Service(cluster, component).pid()
    if pid is None:
        assert component.startswith("prepare")
        return
    seen = set(psutil.Process(pid).environ())
    assert seen & service_secrets.EVERY_SECRET <= kept
    assert seen >= {"IDH_ISSUER"}, "this is its environment"


def test_the_broker_takes_nobody_without_the_password(cluster: Installation) -> None:
    with socket.create_connection(("127.0.0.1", cluster.ports["redis"]), 5) as broker:
        broker.sendall(b"PING\r\n")
        assert broker.recv(64).startswith(b"-NOAUTH")


def _ended(client: AirflowClient, dag: str, run: str) -> bool:
    return any(r["dag_run_id"] == run and r["state"] in ("success", "failed") for r in client.runs(dag))


def _state(client: AirflowClient, run: str) -> str:
    return next(str(r["state"]) for r in client.runs("retrain_models") if r["dag_run_id"] == run)
