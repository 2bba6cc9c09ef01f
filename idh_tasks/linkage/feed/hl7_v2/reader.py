"""Reads a file of messages: results into reports, merges into notices."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from idh_tasks.domain.pathology import FeedContent, MergeNotice, RejectedReport
from idh_tasks.linkage.feed.hl7_v2.held import hold
from idh_tasks.linkage.feed.hl7_v2.merges import read_merges
from idh_tasks.linkage.feed.hl7_v2.messages import Message, read_messages
from idh_tasks.linkage.feed.hl7_v2.patients import Senders
from idh_tasks.linkage.feed.hl7_v2.reports import ReadReport, read_reports
from idh_tasks.linkage.feed.one_report import LINE
from idh_tasks.linkage.feed.rows import read_rows

RESULT, MERGE, UNLINK = "ORU^R01", "ADT^A40", "ADT^A37"
TRIALS = ("T", "D")
"""Processing ids of training and debugging (MSH-11, table 0103)."""
REPEATED = "the file states this version of the report twice, with different content"


def read_hl7(content: bytes, issuer: str = "", authorities: Collection[str] = ()) -> FeedContent:
    """Read a file of one or more messages.

    Parameters
    ----------
    issuer
        The issuer of identifiers without an assigning authority.
    authorities
        The accepted assigning authorities; see `choose_identifier`.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` with the line if anything of the file is not a valid message of a supported type,
        ``E_ISSUER`` if a merge does not state a single issuer.
    """
    senders = Senders(issuer, authorities)
    merges: list[MergeNotice] = []
    read: list[ReadReport | RejectedReport] = []
    for message in read_messages(content):
        _check(message)
        if message.kind == RESULT:
            read.extend(read_reports(message, senders))
        else:
            merges.extend(read_merges(message, senders, undone=message.kind == UNLINK))
    return replace(_reports(read, issuer), merges=tuple(merges))


def _check(message: Message) -> None:
    header = message.header
    if message.kind not in (RESULT, MERGE, UNLINK):
        hold("a message is none of ORU^R01, ADT^A40 and ADT^A37", header.line)
    if header.text(11) in TRIALS:
        hold("a message is for training or debugging (MSH-11)", header.line)
    if header.text(14):
        hold("a message continues another one (MSH-14)", header.line)


def _reports(read: Iterable[ReadReport | RejectedReport], issuer: str) -> FeedContent:
    rejected = [one for one in read if isinstance(one, RejectedReport)]
    distinct, repeated = _versions([one for one in read if isinstance(one, ReadReport)])
    content = read_rows([row | {LINE: report.line} for report in distinct for row in report.rows], issuer)
    return replace(content, rejected=(*content.rejected, *rejected, *repeated))


def _versions(reports: Iterable[ReadReport]) -> tuple[list[ReadReport], list[RejectedReport]]:
    """Return the distinct versions, and those stated twice with different content, of which none counts."""
    versions: dict[tuple[object, ...], list[ReadReport]] = {}
    for report in reports:
        versions.setdefault(report.key, []).append(report)
    distinct = [same[0] for same in versions.values() if len({one.rows == same[0].rows for one in same}) == 1]
    repeated = [same[-1] for same in versions.values() if any(one.rows != same[0].rows for one in same)]
    return distinct, [_repeated(report) for report in repeated]


def _repeated(report: ReadReport) -> RejectedReport:
    return RejectedReport("version", str(report.rows[0]["report_id"]), report.line, REPEATED)
