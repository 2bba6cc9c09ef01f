"""The listener on a real S3 server: nothing is lost or stored twice, whatever is cut, killed or repeated."""

import contextlib
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from hl7.client import MLLPClient

from idh_tasks.local import seaweed
from idh_tasks.local.installation import Installation
from idh_tasks.local.store_identities import Identity
from idh_tasks.pipelines.link import feed
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import StoreSettings
from tests.database import run_sql
from tests.hl7_messages import message, order, patient
from tests.proxy import proxied

MESSAGES, SENDERS, KILLS = 1000, 8, 3


def frame_bytes(number: int) -> bytes:
    """Return a message about a patient of its own."""
    return message(patient(f"{number:05d}"), order(f"R{number}"), header={10: f"M{number}"}).encode()


def object_key(content: bytes) -> str:
    return f"pathology/mllp/20180620/{hashlib.sha256(content).hexdigest()}.hl7"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass
class Service:
    """`idh mllp` as a process that can be killed and started again on the same port."""

    store: StoreSettings
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it with the laboratory's key and no other secret."""
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "IDH_STORE__ENDPOINT": self.store.endpoint,
            "IDH_STORE__ACCESS_KEY": self.store.access_key,
            "IDH_STORE__SECRET_KEY": self.store.secret_key.get_secret_value(),
            "IDH_STORE__PATHOLOGY_BUCKET": str(self.store.pathology_bucket),
            "IDH_MLLP__PORT": str(self.port),
        }
        command = [str(Path(sys.executable).with_name("idh")), "mllp"]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603 - ours

    def stop(self) -> int:
        """Ask it to end and return its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def kill(self) -> None:
        """Kill it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def running(store: StoreSettings) -> Iterator[Service]:
    service = Service(store)
    service.start()
    try:
        yield service
    finally:
        service.kill()


def send(service: Service, platform: Platform, contents: Sequence[bytes], seed: int) -> int:
    """Send every message until it is acknowledged, with cuts and repetitions; return how many cuts there were.

    An acknowledged message must be in the store at that moment.
    """
    chance, cuts = random.Random(seed), 0
    for content in contents:
        while True:
            try:
                with MLLPClient("127.0.0.1", service.port) as client:
                    client.socket.settimeout(10)
                    if chance.random() < 0.1:
                        cuts += 1
                        client.socket.sendall((b"\x0b" + content + b"\x1c\r")[: chance.randrange(len(content) + 4)])
                        continue
                    answer = client.send_message(content)
            except OSError:
                time.sleep(0.1)
                continue
            if b"MSA|AA|" in answer:
                break
        assert platform.pathology_drop.get(object_key(content)) == content
    return cuts


def test_a_thousand_messages_with_cuts_kills_and_repetitions_are_each_stored_once(
    platform: Platform, installation: Installation
) -> None:
    store = seaweed.settings(installation, Identity.PATHOLOGY)
    contents = [frame_bytes(number) for number in range(MESSAGES)]
    repeated = [*contents, *contents[: MESSAGES // 10]]
    random.Random(1).shuffle(repeated)
    with proxied(installation.ports["s3"], spared=3, cut_after=100) as proxy:
        through = store.model_copy(update={"endpoint": f"http://127.0.0.1:{proxy.port}"})
        with running(through) as service, ThreadPoolExecutor(SENDERS) as pool:
            parts = [repeated[start::SENDERS] for start in range(SENDERS)]
            sent = [pool.submit(send, service, platform, part, seed) for seed, part in enumerate(parts)]
            for _ in range(KILLS):
                time.sleep(2)
                service.kill()
                service.start()
            assert sum(done.result(120) for done in sent) > 0
        assert proxy.cuts == 1
    stored = sorted(item.key for item in platform.pathology_drop.listed("pathology/"))
    assert stored == sorted(map(object_key, contents))


def test_a_received_message_is_read_by_the_feed(platform: Platform, installation: Installation) -> None:
    with running(seaweed.settings(installation, Identity.PATHOLOGY)) as service:
        for _ in range(2):
            send(service, platform, [frame_bytes(1)], seed=0)
        assert service.stop() == 0
    without_view = Platform(platform.settings.model_copy(update={"pathology_url": None}))
    assert feed.load_reports(without_view) == 1
    assert feed.load_reports(without_view) == 0
    assert run_sql(platform, "SELECT count(*) FROM idh.report") == [(1,)]
