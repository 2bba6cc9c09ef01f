"""Reads the files that laboratory and registry deliver to the drop bucket, each once, as a whole or not at all."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import feed, quarantine
from idh_tasks.db.feed import FeedFile, FeedReading
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.domain.pathology import FeedContent
from idh_tasks.errors import IdhError, TransientError
from idh_tasks.linkage.feed.files import is_readable, read_file
from idh_tasks.pipelines.link.store_feed import record_reading, store_content
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import ListedObject

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedFile:
    """How many reports of a file were new, or the code for which the file was held."""

    new: int
    code: Code | None = None


@dataclass(frozen=True)
class _NewFile:
    file_id: str
    listed: ListedObject


def load_files(platform: Platform) -> list[LoadedFile]:
    """Read every file that is not known yet; a file that cannot be read is held and the others are read.

    Raises
    ------
    TransientError
        If the object store or our database is unreachable; the files read so far are stored.
    """
    return [_load(platform, file) for file in _new_files(platform)]


def _new_files(platform: Platform) -> Iterator[_NewFile]:
    with platform.database.begin() as transaction:
        known = feed.known_files(transaction)
    for listed in platform.pathology_drop.listed(platform.settings.store.pathology_prefix):
        file = _NewFile(platform.pseudonymiser.token("feed", listed.key, listed.etag), listed)
        if file.file_id not in known and is_readable(file.listed.key):
            yield file


def _load(platform: Platform, file: _NewFile) -> LoadedFile:
    try:
        body = platform.pathology_drop.get(file.listed.key, file.listed.etag)
        content = read_file(file.listed.key, body, platform.settings.issuer, platform.settings.authorities)
    except TransientError:
        raise
    except IdhError as error:
        return _hold(platform, file.file_id, error)
    return _store(platform, file.file_id, content)


def _store(platform: Platform, file_id: str, content: FeedContent) -> LoadedFile:
    reports = len(content.reports)
    with platform.database.begin() as transaction:
        stored = store_content(platform, transaction, content)
        feed.save_file(transaction, FeedFile(file_id, "read", reports=reports, merges=len(content.merges)))
        record_reading(transaction, FeedReading(None, reports, stored.new, stored.held))
    log.info("file %s: %d reports, %d new, %d held", file_id, reports, stored.new, stored.held)
    return LoadedFile(stored.new)


def _hold(platform: Platform, file_id: str, error: IdhError) -> LoadedFile:
    with platform.database.begin() as transaction:
        feed.save_file(transaction, FeedFile(file_id, "held", error.code, error.reason))
        quarantine.record(transaction, [QuarantineEntry(file_id, "delivery", error.code, error.reason)])
    log.warning("file %s is held: %s", file_id, error)
    return LoadedFile(0, error.code)
