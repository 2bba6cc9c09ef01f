"""The reports of result messages, each from all its orders; one that is not clear is rejected by its column."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from idh_tasks.domain.pathology import RejectedReport
from idh_tasks.linkage.feed.hl7_v2.fields import Segment
from idh_tasks.linkage.feed.hl7_v2.messages import Message
from idh_tasks.linkage.feed.hl7_v2.orders import ORDER_CANCELLED, Order, read_orders
from idh_tasks.linkage.feed.hl7_v2.patients import Senders, medical_record_number
from idh_tasks.linkage.feed.hl7_v2.results import FINAL_ORDER, read_observations
from idh_tasks.linkage.feed.hl7_v2.times import read_day, read_version
from idh_tasks.linkage.feed.identifiers import Identifier, IdentifierChoiceError
from idh_tasks.linkage.feed.observations import report_rows

UNREADABLE = "the value cannot be read, or the orders of the report differ in it"


@dataclass(frozen=True)
class ReadReport:
    """The rows of one report, and the line at which it begins."""

    line: int
    rows: tuple[dict[str, object], ...]

    @property
    def key(self) -> tuple[object, ...]:
        """Return what identifies a version of a report."""
        return tuple(self.rows[0][name] for name in ("issuer", "report_id", "version"))


@dataclass(frozen=True)
class _Stated:
    """All that one message states of one report."""

    header: Segment
    orders: tuple[Order, ...]
    senders: Senders

    @property
    def patient(self) -> Segment:
        return self.orders[0].patient

    @property
    def valid(self) -> list[Order]:
        """Return the orders that are not cancelled; all, if the report as a whole is."""
        return [order for order in self.orders if order.status != ORDER_CANCELLED] or list(self.orders)


def read_reports(message: Message, senders: Senders) -> Iterator[ReadReport | RejectedReport]:
    """Yield the reports of a message; orders of one patient under one number (OBR-3) are one report.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` with the line, if the structure of the message is not valid.
    """
    reports: dict[tuple[int, str], list[Order]] = {}
    for order in read_orders(message):
        reports.setdefault((order.patient.line, order.report_id), []).append(order)
    for orders in reports.values():
        yield _report(_Stated(message.header, tuple(orders), senders))


def _report(stated: _Stated) -> ReadReport | RejectedReport:
    columns, column = dict[str, object](), ""
    line, report_id = stated.orders[0].request.line, stated.orders[0].report_id
    try:
        for column, read in COLUMNS.items():
            columns[column] = read(stated)
        column = "surgery_date"
        observations = read_observations(stated.valid)
    except IdentifierChoiceError as error:
        return RejectedReport("issuer", report_id, line, str(error))
    except ValueError:
        return RejectedReport(column, report_id, line, f"column {column}: {UNREADABLE}")
    return ReadReport(line, tuple(report_rows(columns, observations)))


def _report_id(stated: _Stated) -> str:
    """Return the number of the report; the same number of two systems (OBR-3.2) is not one report."""
    [(number, _)] = {(order.report_id, order.request.text(3, 2)) for order in stated.orders}
    return number


def _version(stated: _Stated) -> int:
    return max(read_version(order.request, stated.header) for order in stated.orders)


def _number(stated: _Stated) -> Identifier:
    return medical_record_number(stated.patient, stated.senders, stated.header.text(7))


def _status(stated: _Stated) -> str:
    """Return the least final status of the orders that are not cancelled."""
    statuses = sorted(order.status for order in stated.valid)
    unfinished = [status for status in statuses if status not in FINAL_ORDER]
    return [*unfinished, *statuses][0]


def _specimen_date(stated: _Stated) -> date | None:
    """Return the day of collection: the one day that the orders (OBR-7), or else the specimens (SPM-17), state."""
    specimens = [specimen for order in stated.orders for specimen in order.specimens]
    ordered = {read_day(order.request.first(7)) for order in stated.orders} - {None}
    days = ordered or {read_day(specimen.first(17)) for specimen in specimens} - {None}
    if len(days) > 1:
        raise ValueError
    return next(iter(days), None)


def _specimens(stated: _Stated) -> str:
    """Return the numbers of the specimens (SPM-2: placer, else filler) of these orders."""
    values = [specimen.first(2) for order in stated.orders for specimen in order.specimens]
    return " ".join(dict.fromkeys(filter(None, (v.component(1) or v.component(2) for v in values))))


COLUMNS: dict[str, Callable[[_Stated], object]] = {
    "report_id": _report_id,
    "version": _version,
    "issuer": lambda stated: _number(stated).issuer,
    "patient_id": lambda stated: _number(stated).value,
    "birth_date": lambda stated: read_day(stated.patient.first(7)),
    "sex": lambda stated: stated.patient.text(8),
    "report_status": _status,
    "specimen_date": _specimen_date,
    "specimen": _specimens,
}
"""How the columns of a report are read."""
