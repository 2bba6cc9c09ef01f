"""Reads a file of the laboratory or the registry by the suffix of its name."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import PurePosixPath

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import Channel, FeedContent
from idh_tasks.errors import FileHeldError, IdhError, without_text
from idh_tasks.linkage.feed.fhir.reader import read_fhir, read_ndjson
from idh_tasks.linkage.feed.hl7_v2 import read_hl7
from idh_tasks.linkage.feed.tables import STRICT, TableRules, read_csv, read_excel

TABLES: dict[str, Callable[[bytes, str, TableRules], FeedContent]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".xlsx": read_excel,
}
MESSAGES: dict[str, Callable[[bytes, str, Collection[str]], FeedContent]] = {
    ".json": read_fhir,
    ".ndjson": read_ndjson,
    ".hl7": read_hl7,
    ".oru": read_hl7,
    ".txt": read_hl7,
}
"""Formats in which a patient can have several identifiers, read by the accepted authorities."""
CHANNELS = {
    **dict.fromkeys(TABLES, Channel.TABLE),
    **dict.fromkeys((".hl7", ".oru", ".txt"), Channel.HL7),
    **dict.fromkeys((".json", ".ndjson"), Channel.FHIR),
}
"""How a report arrived, by the suffix of its file."""


def is_readable(name: str) -> bool:
    """Return whether there is a reader for files with the suffix of this name."""
    return _suffix(name) in CHANNELS


def read_file(
    name: str,
    content: bytes,
    issuer: str = "",
    authorities: Collection[str] = (),
    *,
    rules: TableRules = STRICT,
) -> FeedContent:
    """Read a file as a whole.

    Parameters
    ----------
    name
        Name or object key; only its suffix is used.
    issuer
        Issuer of the identifiers in a file that does not state one.
    authorities
        Accepted authorities, where a message states several identifiers of a patient; empty accepts any.
    rules
        What the hospital states of its tables.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA``, ``E_FEED_FORMAT`` or ``E_ISSUER``: the file is held. A parser that fails in an unforeseen way
        gives ``E_FEED_FORMAT`` with the place of the failure and none of the content.
    """
    try:
        return by_channel(_read(_suffix(name), content, issuer, authorities, rules), CHANNELS[_suffix(name)])
    except IdhError:
        raise
    except Exception as error:  # a malformed file can break a parser in many ways
        raise FileHeldError(Code.E_FEED_FORMAT, without_text(error)) from None


def _read(suffix: str, content: bytes, issuer: str, authorities: Collection[str], rules: TableRules) -> FeedContent:
    if table := TABLES.get(suffix):
        return table(content, issuer, rules)
    return MESSAGES[suffix](content, issuer, authorities)


def by_channel(content: FeedContent, channel: Channel) -> FeedContent:
    """Return the content with the channel by which its reports arrived."""
    return replace(content, reports=tuple(replace(report, channel=channel) for report in content.reports))


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
