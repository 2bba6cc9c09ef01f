"""A PACS in this process, which counts its associations and sends what a test wants; and a peer that is none."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from pydicom import Dataset
from pydicom.uid import MRImageStorage
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_FIND, C_GET, C_MOVE
from pynetdicom.pdu import A_ABORT_RQ, A_RELEASE_RQ
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from idh_tasks.endpoints import PacsSettings
from idh_tasks.intake.transport.listing import InstanceReference, StudyContents
from tests.factories import instance
from tests.hospital import with_instance_uid

PENDING, MODELS = 0xFF00, (
    Verification,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)  # fmt: skip
STUDY = "1.2.826.0.1.21"


@dataclass
class PacsDouble:
    """What the PACS holds and does, and what it has seen.

    Parameters
    ----------
    statuses
        Answers to the next requests instead of a result; the last one is success.
    before_move
        What happens between the request of a C-MOVE and its first instance.
    """

    instances: list[Dataset]
    statuses: list[int] = field(default_factory=list)
    before_move: Callable[[], None] = lambda: None
    receivers: dict[str, int] = field(default_factory=dict)
    port: int = 0
    most: int = 0
    priorities: list[int] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def opened(self, event: evt.Event) -> None:
        """Count a connection."""
        with self._lock:
            self._open.add(id(event.assoc))
            self.most = max(self.most, len(self._open))

    def received(self, event: evt.Event) -> None:
        """Count an association as over when its end is asked for: its other side may open the next one then."""
        if isinstance(event.pdu, A_RELEASE_RQ | A_ABORT_RQ):
            self.closed(event)

    def closed(self, event: evt.Event) -> None:
        """Count a connection as closed."""
        with self._lock:
            self._open.discard(id(event.assoc))

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        """List the instances, whatever is asked."""
        self.priorities.append(_priority(event))
        if self.statuses:
            yield self.statuses.pop(0), None
            return
        for ds in self.instances:
            row = Dataset()
            row.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
            row.StudyInstanceUID, row.SeriesInstanceUID = ds.StudyInstanceUID, ds.SeriesInstanceUID
            row.SOPInstanceUID, row.SOPClassUID = ds.SOPInstanceUID, ds.SOPClassUID
            yield PENDING, row

    def get(self, event: evt.Event) -> Iterator[Any]:
        """Send every instance, whatever is asked."""
        self.priorities.append(_priority(event))
        failing = [self.statuses.pop(0)] if self.statuses else []
        yield len(self.instances)
        yield from ((code, None) for code in failing)
        if not failing:
            yield from ((PENDING, ds) for ds in self.instances)

    def move(self, event: evt.Event) -> Iterator[Any]:
        """Send every instance to the receiver with the AE title that is asked for."""
        self.priorities.append(_priority(event))
        self.before_move()
        yield "127.0.0.1", self.receivers[str(event.move_destination)]
        yield len(self.instances)
        yield from ((PENDING, ds) for ds in self.instances)

    @property
    def settings(self) -> PacsSettings:
        """Return how to reach it."""
        return PacsSettings(host="127.0.0.1", port=self.port, called_aet="PACS", calling_aet="US", timeout_s=5)

    @property
    def contents(self) -> StudyContents:
        """Return what it holds as a listing states it."""
        instances = (InstanceReference(ds.SeriesInstanceUID, ds.SOPInstanceUID) for ds in self.instances)
        return StudyContents(frozenset(), frozenset(instances))


def _priority(event: evt.Event) -> int:
    return cast("C_FIND | C_GET | C_MOVE", event.request).Priority


def instances(count: int, **overrides: Any) -> list[Dataset]:
    """Return instances of one study."""
    made = (instance(StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.1", **overrides) for _ in range(count))
    return [with_instance_uid(ds, f"{STUDY}.1.{number}") for number, ds in enumerate(made, start=1)]


@contextmanager
def pacs_double(double: PacsDouble, most: int = 100) -> Iterator[PacsDouble]:
    """Run the PACS; it rejects more associations than `most` as busy."""
    ae = AE(ae_title="PACS")
    ae.maximum_associations = most
    for model in MODELS:
        ae.add_supported_context(model)
    ae.add_supported_context(MRImageStorage, scu_role=True, scp_role=True)
    ae.add_requested_context(MRImageStorage)
    handlers: list[Any] = [
        (evt.EVT_CONN_OPEN, double.opened),
        (evt.EVT_CONN_CLOSE, double.closed),
        (evt.EVT_PDU_RECV, double.received),
        (evt.EVT_C_FIND, double.find),
        (evt.EVT_C_GET, double.get),
        (evt.EVT_C_MOVE, double.move),
    ]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    double.port = server.server_address[1]
    try:
        yield double
    finally:
        server.shutdown()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def sent(port: int, files: Sequence[Dataset], **options: Any) -> list[int | None]:
    """Send instances to a receiver under the AE title of the PACS; return the status of each, None without an answer.

    Parameters
    ----------
    options
        Those of `AE.associate`, such as the address to send from.
    """
    ae = AE(ae_title="PACS")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = 5
    ae.add_requested_context(MRImageStorage)
    association = ae.associate("127.0.0.1", port, ae_title="US", **options)
    try:
        return [association.send_c_store(ds).get("Status") if association.is_established else None for ds in files]
    finally:
        association.release()
