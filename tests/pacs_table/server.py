"""The SCP over the table: C-ECHO, C-FIND, C-GET and C-MOVE, with limits as archives have them."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_GET, C_MOVE
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from pynetdicom.transport import ThreadedAssociationServer

from idh_tasks.endpoints import PacsSettings
from tests.pacs_table.instances import make_instance
from tests.pacs_table.queries import answer, values
from tests.pacs_table.recipes import RECIPES
from tests.pacs_table.records import Query, Records, Retrieve
from tests.pacs_table.responses import send_rows
from tests.pacs_table.rows import SeriesRow, StudyRow
from tests.pacs_table.table import Table

PENDING, SUCCESS, OUT_OF_RESOURCES, UNKNOWN_DESTINATION = 0xFF00, 0x0000, 0xA700, 0xA801
CALLED, CALLING = "TABLE", "IDH"
POLL_S = 1e-4
SHOWN_BEFORE_FAILURE = 5
"""Rows that a query returns before it fails, which must not count."""

Method = Literal["C-GET", "C-MOVE"]


@dataclass
class TablePacs:
    """A PACS over a table, which its owner starts and stops.

    `limit` is the largest number of rows of an answer; above it the query fails after a few (`A700`), or the list is
    cut in silence (`cut`). `accepted` is how many associations it accepts at once.
    """

    table: Table
    records: Records = field(default_factory=Records)
    limit: int | None = None
    above: Literal["A700", "cut"] = "A700"
    accepted: int = 10
    listen_port: int = 0
    port: int = 0
    _server: ThreadedAssociationServer | None = None

    @property
    def settings(self) -> PacsSettings:
        """Return how to reach it."""
        return PacsSettings(
            host="127.0.0.1", port=self.port, called_aet=CALLED, calling_aet=CALLING, timeout_s=20,
            query_limit=self.limit if self.above == "cut" else None,
        )  # fmt: skip

    def start(self) -> None:
        """Listen, if it does not yet, on the same port as before."""
        if self._server is not None:
            return
        server = _entity(self.accepted).start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=self._handlers()
        )
        self._server = cast("ThreadedAssociationServer", server)
        self.port = self._server.server_address[1]

    def stop(self) -> None:
        """Be away: nobody listens."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def _handlers(self) -> list[Any]:
        return [
            (evt.EVT_CONN_OPEN, _answer_at_once),
            (evt.EVT_ESTABLISHED, lambda event: self.records.opened(id(event.assoc))),
            (evt.EVT_CONN_CLOSE, lambda event: self.records.closed(id(event.assoc))),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_GET, self._get),
            (evt.EVT_C_MOVE, self._move),
        ]

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        query = event.identifier
        rows = answer(self.table, query, None if self.limit is None else self.limit + 1)
        truncated = self.limit is not None and len(rows) > self.limit
        fails = truncated and self.above == "A700"
        shown = rows[: SHOWN_BEFORE_FAILURE if fails else self.limit]
        self.records.queries.append(Query(self.records.night, str(query.QueryRetrieveLevel), len(shown), truncated))
        send_rows(event, shown)
        if fails:
            yield OUT_OF_RESOURCES, None

    def _get(self, event: evt.Event) -> Iterator[Any]:
        wanted = list(self._wanted(event.identifier))
        yield len(wanted)
        yield from self._sent(event, "C-GET", cast("C_GET", event.request).Priority, wanted)

    def _move(self, event: evt.Event) -> Iterator[Any]:
        request = cast("C_MOVE", event.request)
        if request.MoveDestination != CALLING:
            yield None, None
            return
        wanted = list(self._wanted(event.identifier))
        contexts = AE()
        for sop_class in sorted({series.recipe.sop_class for _, series, _ in wanted}):
            contexts.add_requested_context(sop_class, ExplicitVRLittleEndian)
        yield (
            "127.0.0.1",
            self.listen_port,
            {"contexts": contexts.requested_contexts, "evt_handlers": [(evt.EVT_CONN_OPEN, _answer_at_once)]},
        )
        yield len(wanted)
        yield from self._sent(event, "C-MOVE", request.Priority, wanted)

    def _wanted(self, query: Dataset) -> Iterator[tuple[StudyRow, SeriesRow, int]]:
        """Yield what a retrieve asks for: instances by their series and number."""
        only_series, only = set(values(query, "SeriesInstanceUID")), set(values(query, "SOPInstanceUID"))
        for study_uid in values(query, "StudyInstanceUID"):
            for study in self.table.studies("study_uid = ?", (study_uid,)):
                for series in self.table.series(study_uid):
                    if not only_series or series.series_uid in only_series:
                        yield from ((study, series, number) for number, uid in enumerate(series.instance_uids(), 1)
                                    if not only or uid in only)  # fmt: skip

    def _sent(
        self, event: evt.Event, method: Method, priority: int, wanted: list[tuple[StudyRow, SeriesRow, int]]
    ) -> Iterator[tuple[int, Dataset | None]]:
        moment, sent = self.records.clock(), []
        for study, series, number in wanted:
            if event.is_cancelled:
                break
            ds = make_instance(study, series, number)
            sent.append(str(ds.SOPInstanceUID))
            yield PENDING, ds
        for study_uid in sorted({study.study_uid for study, _, _ in wanted}):
            uids = tuple(uid for uid in sent if uid.startswith(f"{study_uid}."))
            self.records.retrieves.append(Retrieve(self.records.night, moment, method, priority, study_uid, uids))


def _entity(accepted: int) -> AE:
    ae = AE(CALLED)
    ae.maximum_associations = accepted
    ae.require_called_aet = True
    for model in (Verification, StudyRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelGet,
                  StudyRootQueryRetrieveInformationModelMove):  # fmt: skip
        ae.add_supported_context(model, ImplicitVRLittleEndian)
    for sop_class in {recipe.sop_class for recipe in RECIPES.values()}:
        ae.add_supported_context(sop_class, ExplicitVRLittleEndian, scu_role=True, scp_role=True)
    return ae


def _answer_at_once(event: evt.Event) -> None:
    """Poll often, and send small answers without waiting for an acknowledgement, which would take 40 ms each."""
    event.assoc.dul._run_loop_delay = POLL_S
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
