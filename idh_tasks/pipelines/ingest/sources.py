"""Where studies come from: each source lists its deliveries and fetches one of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from idh_tasks.codes import Code
from idh_tasks.db import inbox
from idh_tasks.db.inbox import Delivery
from idh_tasks.dicom.dates import day_of
from idh_tasks.errors import RunRefusedError, StudyQuarantinedError
from idh_tasks.intake.transport import dicomweb, dimse
from idh_tasks.intake.transport.archive import ARCHIVES, open_archive
from idh_tasks.intake.transport.dimse import PacsStudy
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.keys import digest
from idh_tasks.store.objects import Listed

EVERYTHING = date(1990, 1, 1)
OVERLAP = timedelta(days=30)
"""How far each night looks back: late series, and clocks that are wrong."""


@dataclass(frozen=True)
class Fetched:
    """The files of a delivery, and whose and which study they must be, where the source says so."""

    files: dict[str, bytes]
    study_uid: str | None = None
    patients: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Source:
    """A way in; `configured` tells whether this installation has it."""

    configured: Callable[[Platform], bool]
    found: Callable[[Platform, date | None], list[Delivery]]
    fetch: Callable[[Platform, Delivery], Fetched]


def _delivery(platform: Platform, source: str, locator: str, fingerprint: str, position: str = "") -> Delivery:
    item_id = platform.pseudonymiser.token("delivery", source, locator, fingerprint)
    return Delivery(item_id, source, locator, fingerprint, position)


def _in_bucket(platform: Platform, since: date | None) -> list[Delivery]:  # noqa: ARG001 - one signature for all
    """List archives one by one, and loose instances by the folder they lie in."""
    folders: dict[str, list[Listed]] = defaultdict(list)
    deliveries = []
    for item in platform.drop.listed(platform.settings.store.drop_prefix):
        if item.key.lower().endswith(ARCHIVES) or _is_bad(item.key):
            deliveries.append(_delivery(platform, "bucket", item.key, item.etag))
        elif not item.key.endswith("/"):
            folders[item.key.rpartition("/")[0] + "/"].append(item)
    for folder, items in folders.items():
        deliveries.append(_delivery(platform, "bucket", folder, _fingerprint(items)))
    return deliveries


def _fingerprint(items: Iterable[Listed]) -> str:
    return digest(*sorted(f"{item.key} {item.etag}" for item in items))


def _is_bad(key: str) -> bool:
    return ".." in key.split("/") or not key.isprintable()


def _from_bucket(platform: Platform, delivery: Delivery) -> Fetched:
    if _is_bad(delivery.locator):
        raise StudyQuarantinedError(
            Code.E_BAD_KEY, "the key holds '..' or control characters; deliver it by another name"
        )
    if not delivery.locator.endswith("/"):
        return Fetched(open_archive(platform.drop.get(delivery.locator, etag=delivery.fingerprint)))
    listed = [item for item in platform.drop.listed(delivery.locator) if _loose_in(delivery.locator, item.key)]
    return Fetched({item.key.rpartition("/")[2]: platform.drop.get(item.key, etag=item.etag) for item in listed})


def _loose_in(folder: str, key: str) -> bool:
    rest = key.removeprefix(folder)
    return bool(rest) and "/" not in rest and not key.lower().endswith(ARCHIVES)


def _window(platform: Platform, source: str, since: date | None) -> tuple[date, date]:
    """Return the days to ask for: from the watermark, less the overlap, to tomorrow."""
    if since is None:
        with platform.database.begin() as transaction:
            seen = day_of(inbox.watermark(transaction, source))
        since = seen - OVERLAP if seen else EVERYTHING
    return since, _today() + timedelta(days=1)


def _today() -> date:
    return datetime.now(UTC).date()


def _listed(platform: Platform, source: str, studies: Iterable[PacsStudy]) -> list[Delivery]:
    # A study of tomorrow is a wrong clock: it must not move the watermark past today.
    today = f"{_today():%Y%m%d}"
    return [
        _delivery(platform, source, study.study_uid, str(study.instances), min(study.study_date, today))
        for study in studies
    ]


def _in_pacs(platform: Platform, since: date | None) -> list[Delivery]:
    pacs = platform.settings.pacs
    return _listed(platform, "pacs", dimse.find_studies(pacs, *_window(platform, "pacs", since))) if pacs else []


def _from_pacs(platform: Platform, delivery: Delivery) -> Fetched:
    pacs = platform.settings.pacs
    if pacs is None:
        raise RunRefusedError(Code.E_PREFLIGHT, "the PACS of this delivery is no longer configured")
    listing = dimse.list_study(pacs, delivery.locator)
    files = dimse.retrieve(pacs, delivery.locator, listing.places)
    return Fetched(files, delivery.locator, listing.patients)


def _in_dicomweb(platform: Platform, since: date | None) -> list[Delivery]:
    archive = platform.settings.dicomweb
    if archive is None:
        return []
    return _listed(platform, "dicomweb", dicomweb.find_studies(archive, *_window(platform, "dicomweb", since)))


def _from_dicomweb(platform: Platform, delivery: Delivery) -> Fetched:
    archive = platform.settings.dicomweb
    if archive is None:
        raise RunRefusedError(Code.E_PREFLIGHT, "the DICOMweb archive of this delivery is no longer configured")
    return Fetched(dicomweb.retrieve(archive, delivery.locator), delivery.locator)


SOURCES: Mapping[str, Source] = {
    "bucket": Source(lambda _: True, _in_bucket, _from_bucket),
    "pacs": Source(lambda platform: platform.settings.pacs is not None, _in_pacs, _from_pacs),
    "dicomweb": Source(lambda platform: platform.settings.dicomweb is not None, _in_dicomweb, _from_dicomweb),
}
