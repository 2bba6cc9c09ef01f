"""Reads a file of the laboratory or the registry by the suffix of its name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import Channel, FeedContent
from idh_tasks.errors import FileHeldError, IdhError, without_text
from idh_tasks.linkage.feed.fhir import read_fhir
from idh_tasks.linkage.feed.hl7_v2 import read_hl7
from idh_tasks.linkage.feed.tables import read_csv, read_excel

READERS: dict[str, Callable[[bytes, str], FeedContent]] = {
    ".csv": read_csv,
    ".xlsx": read_excel,
    ".hl7": read_hl7,
    ".json": read_fhir,
}
CHANNELS: dict[Callable[[bytes, str], FeedContent], Channel] = {
    read_csv: Channel.TABLE,
    read_excel: Channel.TABLE,
    read_hl7: Channel.HL7,
    read_fhir: Channel.FHIR,
}
"""How a report arrived, by the reader of its file."""


def is_readable(name: str) -> bool:
    """Return whether there is a reader for files with the suffix of this name."""
    return _suffix(name) in READERS


def read_file(name: str, content: bytes, issuer: str = "") -> FeedContent:
    """Read a file as a whole.

    Parameters
    ----------
    name
        Name or object key; only its suffix is used.
    issuer
        Issuer of the identifiers in a file that does not state one.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA``, ``E_FEED_FORMAT`` or ``E_ISSUER``: the file is held. A parser that fails in an unforeseen way
        gives ``E_FEED_FORMAT`` with the place of the failure and none of the content.
    """
    try:
        reader = READERS[_suffix(name)]
        return by_channel(reader(content, issuer), CHANNELS[reader])
    except IdhError:
        raise
    except Exception as error:  # a malformed file can break a parser in many ways
        raise FileHeldError(Code.E_FEED_FORMAT, without_text(error)) from None


def by_channel(content: FeedContent, channel: Channel) -> FeedContent:
    """Return the content with the channel by which its reports arrived."""
    return replace(content, reports=tuple(replace(report, channel=channel) for report in content.reports))


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
