"""Moves objects that older versions kept in another bucket."""

import logging

from idh_tasks.endpoints import StoreSettings
from idh_tasks.errors import IdhError
from idh_tasks.local.store_identities import PATHOLOGY_BUCKET
from idh_tasks.store.objects import ListedObject, ObjectStore

log = logging.getLogger(__name__)


def move_pathology(administrator: StoreSettings) -> int:
    """Move pathology files from the bucket for images into their own; return how many unreadable files stay.

    The feed identifies a file by key and content, so it does not read a moved file again.
    """
    images, pathology = (ObjectStore(administrator, name) for name in (administrator.drop_bucket, PATHOLOGY_BUCKET))
    left = sum(not _moved(images, pathology, item) for item in list(images.listed(administrator.pathology_prefix)))
    if left:
        log.warning("%d pathology files in bucket %s are unreadable; deliver them again", left, images.bucket)
    return left


def _moved(source: ObjectStore, target: ObjectStore, item: ListedObject) -> bool:
    try:
        content = source.get(item.key, item.etag)
    except IdhError:
        return False
    target.put(item.key, content)
    source.delete(item.key)
    return True
