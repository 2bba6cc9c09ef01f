"""Moves what older versions kept elsewhere in the object store."""

import logging

from idh_tasks.errors import IdhError
from idh_tasks.local.store_identities import PATHOLOGY_BUCKET
from idh_tasks.settings import StoreSettings
from idh_tasks.store.objects import Listed, ObjectStore

log = logging.getLogger(__name__)


def move_pathology(administrator: StoreSettings) -> int:
    """Move pathology files from the images' bucket into their own; return how many could not be read and stay.

    The feed knows a file by its key and content, so that it reads none of them twice.
    """
    images, pathology = (ObjectStore(administrator, name) for name in (administrator.drop_bucket, PATHOLOGY_BUCKET))
    left = sum(not _moved(images, pathology, item) for item in list(images.listed(administrator.pathology_prefix)))
    if left:
        log.warning("%d pathology files in bucket %s cannot be read; deliver them again", left, images.bucket)
    return left


def _moved(source: ObjectStore, target: ObjectStore, item: Listed) -> bool:
    try:
        content = source.get(item.key, item.etag)
    except IdhError:
        return False
    target.put(item.key, content)
    source.delete(item.key)
    return True
