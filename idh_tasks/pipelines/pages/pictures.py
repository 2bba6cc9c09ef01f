"""The pictures of a study, each by its name in an address."""

from idh_tasks.db import patches, reviews
from idh_tasks.db.engine import Transaction
from idh_tasks.errors import ObjectVanishedError
from idh_tasks.pipelines.pages.study import newest_view
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.reporting.slices import patch_picture
from idh_tasks.store.arrays import read_array

SHEET, PROPOSAL, SLICES, PATCH = "sheet", "proposal", "slices-", "patch-"
"""Names of pictures; the last two are followed by a sequence or `outline`."""


def picture(platform: Platform, study_id: str, name: str) -> bytes | None:
    """Return a picture (PNG) of a study, or None if there is none.

    Parameters
    ----------
    name
        `sheet` (the quality sheet), `proposal` (the outline proposed last), `slices-T1` or `slices-outline` (the slices
        of an image or of the outline), or `patch-T1`.
    """
    try:
        if name.startswith(PATCH):
            return _patch(platform, study_id, name.removeprefix(PATCH))
        with platform.database.begin() as transaction:
            key = _object_key(platform, transaction, study_id, name)
        return platform.store.get(key) if key else None
    except ObjectVanishedError:  # erased, or the bucket was restored from an older state
        return None


def _object_key(platform: Platform, transaction: Transaction, study_id: str, name: str) -> str | None:
    if name == PROPOSAL:
        return reviews.outline_picture(transaction, study_id)
    if name == SHEET:
        return patches.newest_sheet(transaction, study_id)
    view = newest_view(transaction, study_id, preprocessing_version(platform))
    return view.object_keys.get(name.removeprefix(SLICES)) if view else None


def _patch(platform: Platform, study_id: str, sequence: str) -> bytes | None:
    version = preprocessing_version(platform)
    with platform.database.begin() as transaction:
        stored = transaction.one(
            "pages/select_patch_object", study_id=study_id, sequence=sequence, settings_hash=version
        )
    if stored is None:
        return None
    return patch_picture(read_array(platform.store.get_checked(stored["object_key"], stored["sha256"])))
