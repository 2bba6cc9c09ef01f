"""Identities of the object store: one key each, limited to buckets, prefixes and actions."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from idh_tasks.endpoints import StoreSettings
from idh_tasks.store.keys import AUDIT, SUBMITTED

PATHOLOGY_BUCKET = "idh-drop-pathology"
"""Where the laboratory and the registry deliver; the key for images has no rights here."""
IDENTIFYING = "phi/"
"""Prefix of the sealed objects in our bucket that identify patients."""

POLLED = "fhir/"
"""Where the platform itself writes below the prefix of pathology."""

READ = ("s3:GetObject", "s3:ListBucket")
DROP = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
WORK = (*READ, *DROP, "s3:DeleteObject", "s3:GetEncryptionConfiguration")


class Identity(StrEnum):
    """A role with a key of its own."""

    ADMINISTRATOR = "administrator"
    """Creates the buckets; used at start-up only."""
    PLATFORM = "platform"
    """Ingest, link, preprocess, predict, deliver: full access to our bucket, read access to both drop buckets;
    adds what it polls from a FHIR server. It may not delete heads of the audit chain."""
    TRAINING = "training"
    """The GPU worker: full access to our bucket, except for objects that identify patients and the audit chain."""
    PAGES = "pages"
    """The pages of the UI: read access to our bucket, except for objects that identify patients; adds outlines that
    reviewers submit."""
    IMAGES = "images"
    """The hospital: may add images, may not read or delete."""
    PATHOLOGY = "pathology"
    """The laboratory and the registry: may add results, may not read or delete."""


@dataclass(frozen=True)
class StoreKey:
    """An S3 access key and its secret."""

    access_key: str
    secret_key: str


def new_key() -> StoreKey:
    """Return a random key."""
    return StoreKey(secrets.token_hex(10), secrets.token_urlsafe(32))


def configuration(keys: Mapping[Identity, StoreKey], store: StoreSettings) -> str:
    """Return the content of SeaweedFS's `-s3.config` file: identities, keys and policies.

    Parameters
    ----------
    keys
        The key of each identity.
    store
        The names of the buckets and prefixes.
    """
    identities = [_identity(identity, key) for identity, key in keys.items()]
    policies = [
        {"name": identity.value, "content": json.dumps({"Version": "2012-10-17", "Statement": statements})}
        for identity, statements in _statements(store).items()
    ]
    return json.dumps({"identities": identities, "policies": policies}, indent=1)


def _identity(identity: Identity, key: StoreKey) -> dict[str, object]:
    credentials = [{"accessKey": key.access_key, "secretKey": key.secret_key}]
    if identity is Identity.ADMINISTRATOR:
        return {"name": identity.value, "credentials": credentials, "actions": ["Admin"]}
    return {"name": identity.value, "credentials": credentials, "policyNames": [identity.value]}


def _statements(store: StoreSettings) -> dict[Identity, list[dict[str, object]]]:
    pathology = store.results_bucket
    drops = (f"{store.drop_bucket}/{store.drop_prefix}*", f"{pathology}/{store.pathology_prefix}*")
    ours, heads = (store.bucket, f"{store.bucket}/*"), [f"{store.bucket}/{AUDIT}*"]
    no_phi = _statement("Deny", ("s3:*",), [f"{store.bucket}/{IDENTIFYING}*"])
    no_deletion = _statement("Deny", ("s3:DeleteObject",), heads)
    return {
        Identity.PLATFORM: [
            _statement("Allow", WORK, ours),
            no_deletion,
            _statement("Allow", READ, (store.drop_bucket, pathology, *drops)),
            # The pages of the laboratory's FHIR server become files beside those that it delivers.
            _statement("Allow", DROP, [f"{pathology}/{store.pathology_prefix}{POLLED}*"]),
        ],
        Identity.TRAINING: [_statement("Allow", WORK, ours), no_phi, no_deletion, _statement("Deny", DROP, heads)],
        Identity.PAGES: [
            _statement("Allow", READ, ours),
            _statement("Allow", DROP, [f"{store.bucket}/{SUBMITTED}*"]),
            no_phi,
        ],
        Identity.IMAGES: [_statement("Allow", DROP, drops[:1])],
        Identity.PATHOLOGY: [_statement("Allow", DROP, drops[1:])],
    }


def _statement(effect: str, actions: Iterable[str], resources: Iterable[str]) -> dict[str, object]:
    return {"Effect": effect, "Action": list(actions), "Resource": [f"arn:aws:s3:::{name}" for name in resources]}
