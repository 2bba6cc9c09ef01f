"""Reads the files that laboratory and registry deliver to the drop bucket, each once, as a whole or not at all."""

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import feed, quarantine
from idh_tasks.db.feed import FeedFile, FeedReading, FeedSource
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.domain.pathology import FeedContent
from idh_tasks.errors import IdhError, ObjectVanishedError, TransientError
from idh_tasks.linkage.feed.files import is_readable, read_file
from idh_tasks.linkage.feed.tables import TableRules
from idh_tasks.pipelines.link.store_feed import record_reading, store_content
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import ListedObject

log = logging.getLogger(__name__)

UNREAD = "no reader for files with this ending; the run goes on without it"


@dataclass(frozen=True)
class LoadedFile:
    """How many reports of a file were new, or the code for which it was held or could not be fetched."""

    new: int
    code: Code | None = None


@dataclass(frozen=True)
class _NewFile:
    file_id: str
    listed: ListedObject

    @property
    def is_readable(self) -> bool:
        return is_readable(self.listed.key)


def load_files(platform: Platform) -> list[LoadedFile]:
    """Read every file that is not known yet; a file that cannot be read is held and the others are read.

    A file for which there is no reader is recorded once. One that could not be fetched is tried again in the next run.

    Raises
    ------
    TransientError
        If the object store or our database is unreachable; the files read so far are stored.
    """
    files = list(_new_files(platform))
    _name_unread(platform, [file.file_id for file in files if not file.is_readable])
    return [_load(platform, file) for file in files if file.is_readable]


def _new_files(platform: Platform) -> Iterator[_NewFile]:
    with platform.database.begin() as transaction:
        known, unfetched = feed.known_files(transaction), feed.unfetched_files(transaction)
    for listed in platform.pathology_drop.listed(platform.settings.store.pathology_prefix):
        file = _NewFile(_file_id(platform, listed, unfetched), listed)
        if file.file_id not in known and not listed.key.endswith("/"):
            yield file


def _file_id(platform: Platform, listed: ListedObject, unfetched: Collection[str]) -> str:
    """Return the id under which a file is recorded: a new one if it becomes readable after it was recorded."""
    token = platform.pseudonymiser.token
    if not is_readable(listed.key):
        return token("unread", listed.key, listed.etag)
    file_id = token("feed", listed.key, listed.etag)
    return token("fetched", file_id) if file_id in unfetched else file_id


def _load(platform: Platform, file: _NewFile) -> LoadedFile:
    try:
        body = platform.pathology_drop.get(file.listed.key, file.listed.etag)
    except ObjectVanishedError:
        log.warning("file %s was deleted before it was read", file.file_id)
        return LoadedFile(0)
    except TransientError:
        raise
    except IdhError as error:
        log.warning("file %s could not be fetched and is tried again in the next run: %s", file.file_id, error)
        return LoadedFile(0, error.code)
    try:
        content = _read(platform, file.listed.key, body)
    except IdhError as error:
        return _hold(platform, file.file_id, error)
    return _store(platform, file.file_id, content)


def _read(platform: Platform, name: str, body: bytes) -> FeedContent:
    settings = platform.settings
    return read_file(name, body, settings.issuer, settings.authorities, rules=_rules(platform))


def _rules(platform: Platform) -> TableRules:
    linkage = platform.settings.linkage
    return TableRules(linkage.date_order, linkage.encoding, platform.settings.identifiers.leading_zeros)


def _store(platform: Platform, file_id: str, content: FeedContent) -> LoadedFile:
    reports = len(content.reports)
    with platform.database.begin() as transaction:
        stored = store_content(platform, transaction, content)
        feed.save_file(transaction, FeedFile(file_id, "read", reports=reports, merges=len(content.merges)))
        reading = FeedReading(source=FeedSource.FILES, reports_read=reports, reports_new=stored.new, held=stored.held)
        record_reading(transaction, reading)
    log.info("file %s: %d reports, %d new, %d held", file_id, reports, stored.new, stored.held)
    return LoadedFile(stored.new)


def _hold(platform: Platform, file_id: str, error: IdhError) -> LoadedFile:
    _record_held(platform, [file_id], error.code, error.reason)
    log.warning("file %s is held: %s", file_id, error)
    return LoadedFile(0, error.code)


def _name_unread(platform: Platform, file_ids: Sequence[str]) -> None:
    if file_ids:
        _record_held(platform, file_ids, Code.W_UNREAD, UNREAD)
        log.warning("%d files have an ending without a reader (%s)", len(file_ids), Code.W_UNREAD)


def _record_held(platform: Platform, file_ids: Sequence[str], code: Code, reason: str) -> None:
    with platform.database.begin() as transaction:
        for file_id in file_ids:
            feed.save_file(transaction, FeedFile(file_id, "held", code, reason))
        quarantine.record(transaction, [QuarantineEntry(file_id, "delivery", code, reason) for file_id in file_ids])
