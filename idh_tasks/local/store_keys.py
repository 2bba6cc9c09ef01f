"""The keys of the object store's identities, generated once per installation."""

import fcntl
import json
from dataclasses import asdict
from io import TextIOBase

from idh_tasks.local.installation import PRIVATE, Installation
from idh_tasks.local.store_identities import Identity, StoreKey, new_key

FILE = "store-keys.json"


def keys(installation: Installation) -> dict[Identity, StoreKey]:
    """Return the key of each identity; the platform's key is stored with the other secrets."""
    path = installation.folder(".") / FILE
    path.touch(mode=PRIVATE)
    with path.open("r+") as file:
        # Two processes that start at the same time must not generate different keys.
        fcntl.flock(file, fcntl.LOCK_EX)
        stored = _completed(file)
    ours = StoreKey(installation.secrets["s3_access_key"], installation.secrets["s3_secret_key"])
    return {Identity.PLATFORM: ours} | {Identity(name): StoreKey(**key) for name, key in stored.items()}


def _completed(file: TextIOBase) -> dict[str, dict[str, str]]:
    stored: dict[str, dict[str, str]] = json.loads(file.read() or "{}")
    missing = [identity for identity in Identity if identity not in (*stored, Identity.PLATFORM)]
    if missing:
        stored |= {identity.value: asdict(new_key()) for identity in missing}
        file.seek(0)
        json.dump(stored, file, indent=1)
        file.flush()
    return stored
