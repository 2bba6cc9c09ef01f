"""Receivers of a C-MOVE from a real Orthanc: several at once, all in use, and one that it does not know."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from pydicom import Dataset

from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import PeerBusyError, TransientError
from idh_tasks.intake.transport import retrieve
from idh_tasks.intake.transport.incoming import Incoming
from idh_tasks.intake.transport.receiver import receiver
from idh_tasks.intake.transport.retrieve import request_move
from idh_tasks.intake.transport.traffic import Priority
from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation
from tests.integration.test_pacs import differences, retrieved, send, study
from tests.pacs_double import free_port

pytestmark = pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")

UIDS = ("1.2.826.0.1.61", "1.2.826.0.1.62")


@pytest.fixture(scope="module")
def pacs(installation: Installation) -> PacsSettings:
    return orthanc.settings(installation).model_copy(update={"timeout_s": 20.0})


@pytest.fixture(scope="module")
def studies(pacs: PacsSettings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Dataset]]:
    """Return two studies that the PACS holds."""
    made = {uid: study(uid, 20) for uid in UIDS}
    for uid, instances in made.items():
        send(pacs, instances, tmp_path_factory.mktemp(uid))
    return {uid: {ds.SOPInstanceUID: ds for ds in instances} for uid, instances in made.items()}


@contextmanager
def known_receivers(installation: Installation, titles: Mapping[str, int]) -> Iterator[None]:
    """Let Orthanc know further receivers of this machine."""
    login = (orthanc.USER, installation.secrets["orthanc_password"])
    with httpx.Client(base_url=orthanc.address(installation), auth=login) as rest:
        for title, port in titles.items():
            rest.put(f"/modalities/{title}", json=[title, "127.0.0.1", port]).raise_for_status()
        yield
        for title in titles:
            rest.delete(f"/modalities/{title}").raise_for_status()


def test_two_moves_at_once_have_a_receiver_each(
    installation: Installation, pacs: PacsSettings, studies: dict[str, dict[str, Dataset]]
) -> None:
    """A third destination is that of another host, which this one leaves alone."""
    ports = {"IDH1": free_port(), "IDH2": free_port()}
    places = {"ELSEWHERE": "192.0.2.1:11112", **{title: str(port) for title, port in ports.items()}}
    move = pacs.model_copy(update={"retrieve": "C-MOVE", "move_destinations": places})
    used: list[str] = []

    def fetch(uid: str) -> Mapping[str, bytes]:
        return retrieved(move, uid)

    with known_receivers(installation, ports), ThreadPoolExecutor(2) as workers, pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieve, "request_move", noting(used))
        found = dict(zip(studies, workers.map(fetch, studies), strict=True))
        assert {uid: differences(found[uid], sent) for uid, sent in studies.items()} == {uid: [] for uid in studies}
    assert sorted(used) == sorted(ports)


def noting(used: list[str]) -> Callable[..., None]:
    """Return a request for a C-MOVE that takes note of its destination, and waits until the other one has its own."""
    both = threading.Barrier(2, timeout=60)

    def noted(pacs: PacsSettings, queries: list[Dataset], destination: str, priority: Priority) -> None:
        used.append(destination)
        both.wait()
        request_move(pacs, queries, destination, priority)

    return noted


def test_a_move_waits_for_a_receiver_and_says_so_if_it_gets_none(
    pacs: PacsSettings, studies: dict[str, dict[str, Dataset]]
) -> None:
    move = pacs.model_copy(update={"retrieve": "C-MOVE", "association_wait_s": 0.3})
    with (
        receiver(move, Incoming(frozenset(), 2**20, {})),
        pytest.raises(PeerBusyError, match="E_PACS_BUSY: every receiver of this machine is in use"),
    ):
        retrieved(move, UIDS[0])
    assert differences(retrieved(move, UIDS[0]), studies[UIDS[0]]) == []


def test_a_destination_that_the_pacs_does_not_know_is_named(pacs: PacsSettings, studies: object) -> None:
    unknown = {"NOBODY": str(free_port())}
    move = pacs.model_copy(update={"retrieve": "C-MOVE", "move_destinations": unknown})
    with pytest.raises(TransientError, match=r"does not reach the receiver|E_INCOMPLETE: 0 of 20"):
        retrieved(move, UIDS[0])
