"""The structure of a result message (HL7 7.3.1): patients, their orders, and the results of each order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from idh_tasks.linkage.feed.hl7_v2.fields import Segment
from idh_tasks.linkage.feed.hl7_v2.held import hold
from idh_tasks.linkage.feed.hl7_v2.messages import Message

CANCELLED = ("CA", "OC", "CR", "DC", "OD", "DR")
"""Order controls and order states that end an order without a result (tables 0119 and 0038)."""
ORDER_CANCELLED = "X"


@dataclass(frozen=True)
class Result:
    """An OBX with its own comments and those on its order."""

    observation: Segment
    own_comments: tuple[Segment, ...]
    order_comments: tuple[Segment, ...] = ()

    @property
    def comments(self) -> tuple[Segment, ...]:
        """Return all comments: one on the order is a comment on each of its results."""
        return (*self.own_comments, *self.order_comments)


@dataclass
class Order:
    """An OBR of one patient with everything that follows it."""

    patient: Segment
    request: Segment
    control: Segment | None = None
    comments: list[Segment] = field(default_factory=list)
    observations: list[tuple[Segment, list[Segment]]] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)

    @property
    def report_id(self) -> str:
        """Return the number of the laboratory (OBR-3), or else of the requester (OBR-2)."""
        return self.request.text(3) or self.request.text(2)

    @property
    def status(self) -> str:
        """Return the status of the results (OBR-25); a cancelled order has none."""
        control = self.control
        if control is not None and {control.text(1), control.text(5)} & set(CANCELLED):
            return ORDER_CANCELLED
        return self.request.text(25)

    @property
    def results(self) -> list[Result]:
        """Return the results with their comments."""
        return [Result(result, tuple(comments), tuple(self.comments)) for result, comments in self.observations]


def read_orders(message: Message) -> list[Order]:
    """Return the orders of all patients of a message.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` if an order precedes its patient, or a result its order.
    """
    patient: Segment | None = None
    orders: list[Order] = []
    for group in _groups(message.segments):
        if group[0].name in ("ORC", "OBR"):
            orders.append(_order(patient, group))
        elif strays := [segment for segment in group if segment.name in ("OBX", "SPM")]:
            hold("a result does not follow its order (OBR)", strays[0].line)
        elif group[0].name == "PID":
            patient = group[0]
    return orders


def _groups(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Yield the header, each PID and each order, with the segments that follow it; ORC begins the order of its OBR."""
    group: list[Segment] = []
    for segment in segments:
        of_control = segment.name == "OBR" and group and group[0].name == "ORC" and not _has_request(group)
        if segment.name in ("PID", "ORC", "OBR") and group and not of_control:
            yield group
            group = []
        group.append(segment)
    yield group


def _has_request(group: Sequence[Segment]) -> bool:
    return any(segment.name == "OBR" for segment in group)


def _order(patient: Segment | None, group: Sequence[Segment]) -> Order:
    request = next((segment for segment in group if segment.name == "OBR"), None)
    if patient is None or request is None:
        hold("an order has no patient (PID) or no request (OBR)", group[0].line)
    control = group[0] if group[0].name == "ORC" else None
    order = Order(patient, request, control)
    comments = order.comments
    for segment in group:
        if segment.name == "OBX":
            comments = []
            order.observations.append((segment, comments))
        elif segment.name == "SPM":
            comments = []
            order.specimens.append(segment)
        elif segment.name == "NTE":
            comments.append(segment)
    return order
