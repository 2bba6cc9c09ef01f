"""The drop bucket: each archive is a delivery, and so are the loose instances of each folder."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from idh_tasks.codes import Code
from idh_tasks.db.inbox import InboxItem
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.transport.archive import ARCHIVES, open_archive, open_packed
from idh_tasks.intake.transport.budget import Budget
from idh_tasks.intake.transport.delivered import DeliveredFile
from idh_tasks.intake.transport.spool import Spool
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.sources.items import Listing, inbox_item
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.keys import digest
from idh_tasks.store.objects import ListedObject


def list_items(platform: Platform, since: date | None) -> Listing:  # noqa: ARG001 - all sources share one signature
    """List all deliveries in the bucket; no filter applies, because somebody chose them."""
    folders: dict[str, list[ListedObject]] = defaultdict(list)
    items = []
    for listed in platform.drop.listed(platform.settings.store.drop_prefix):
        if listed.key.lower().endswith(ARCHIVES) or _is_bad(listed.key):
            items.append(inbox_item(platform, "bucket", listed.key, listed.etag))
        elif not listed.key.endswith("/"):
            folders[listed.key.rpartition("/")[0] + "/"].append(listed)
    for folder, files in folders.items():
        items.append(inbox_item(platform, "bucket", folder, _fingerprint(files)))
    return Listing(items)


def fetch(platform: Platform, item: InboxItem) -> FetchedFiles:
    """Read the files of an archive, or the instances of a folder.

    Raises
    ------
    StudyQuarantinedError
        ``E_BAD_KEY`` if the object has an unsafe key, ``E_ARCHIVE`` if the archive cannot be opened.
    """
    if _is_bad(item.locator):
        raise StudyQuarantinedError(
            Code.E_BAD_KEY, "the key contains '..' or control characters; deliver it under another name"
        )
    spool = Spool()
    if not item.locator.endswith("/"):
        return FetchedFiles(open_archive(spool.write(platform.drop.stream(item.locator, item.fingerprint)), spool))
    listed = [one for one in platform.drop.listed(item.locator) if _is_loose(item.locator, one.key)]
    files = [
        DeliveredFile(one.key.rpartition("/")[2], spool.write(platform.drop.stream(one.key, one.etag)))
        for one in listed
    ]
    return FetchedFiles(open_packed(files, spool, Budget.of(sum(one.size for one in listed))))


def _fingerprint(files: Iterable[ListedObject]) -> str:
    return digest(*sorted(f"{file.key} {file.etag}" for file in files))


def _is_bad(key: str) -> bool:
    return ".." in key.split("/") or not key.isprintable()


def _is_loose(folder: str, key: str) -> bool:
    """Return whether an object is directly in the folder and is not an archive."""
    name = key.removeprefix(folder)
    return bool(name) and "/" not in name and not key.lower().endswith(ARCHIVES)
