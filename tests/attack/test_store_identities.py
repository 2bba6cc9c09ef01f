"""Each identity of the object store has the rights that it needs, and no others."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import boto3
import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from idh_tasks.errors import RunRefusedError
from idh_tasks.local import seaweed
from idh_tasks.local.installation import Installation
from idh_tasks.local.store_identities import PATHOLOGY_BUCKET, Identity
from idh_tasks.store.objects import ObjectStore

OURS, IMAGES = "idh-store", "idh-drop"
PLACES = {
    "ours": (OURS, "models/attacked"),
    "phi": (OURS, "phi/quarantine/attacked"),
    "audit": (OURS, "audit/attacked"),
    "submitted": (OURS, "outlines/attacked.nii.gz"),
    "images": (IMAGES, "drop/attacked.zip"),
    "labels beside images": (IMAGES, "pathology/attacked.hl7"),
    "pathology": (PATHOLOGY_BUCKET, "pathology/attacked.hl7"),
}
ACTIONS: dict[str, Callable[[ObjectStore, str], object]] = {
    "put": lambda store, key: store.put(key, b"content"),
    "get": lambda store, key: store.get(key),
    "list": lambda store, key: list(store.listed(key)),
    "delete": lambda store, key: store.delete(key),
}
WORK = {"put", "get", "list", "delete"}
ALLOWED = {
    Identity.PLATFORM: {
        "ours": WORK,
        "phi": WORK,
        "audit": WORK - {"delete"},
        "submitted": WORK,
        "images": {"get", "list"},
        "pathology": {"get", "list"},
        "labels beside images": {"list"},
    },
    # Whoever may list the bucket sees all keys, which contain pseudonymous ids only.
    Identity.TRAINING: {"ours": WORK, "phi": {"list"}, "audit": {"get", "list"}, "submitted": WORK},
    Identity.PAGES: {
        "ours": {"get", "list"},
        "phi": {"list"},
        "audit": {"get", "list"},
        "submitted": {"get", "list", "put"},
    },
    Identity.IMAGES: {"images": {"put"}},
    Identity.PATHOLOGY: {"pathology": {"put"}},
}
MATRIX = list(product(ALLOWED, PLACES))


@pytest.fixture
def planted(attacked: Installation) -> Iterator[Installation]:
    administrator = seaweed.settings(attacked, Identity.ADMINISTRATOR)
    for bucket, key in PLACES.values():
        ObjectStore(administrator, bucket).put(key, b"content")
    yield attacked
    for bucket, key in PLACES.values():
        ObjectStore(administrator, bucket).delete(key)


def test_every_identity_is_in_the_matrix() -> None:
    assert {*ALLOWED, Identity.ADMINISTRATOR} == set(Identity)


@pytest.mark.parametrize(("identity", "place"), MATRIX, ids=str)
def test_an_identity_has_the_rights_it_needs_and_no_others(
    planted: Installation, identity: Identity, place: str
) -> None:
    bucket, key = PLACES[place]
    store = ObjectStore(seaweed.settings(planted, identity), bucket)
    done = {name for name, action in ACTIONS.items() if succeeds(action, store, key)}
    assert done == ALLOWED[identity].get(place, set())


def succeeds(action: Callable[[ObjectStore, str], object], store: ObjectStore, key: str) -> bool:
    try:
        action(store, key)
    except RunRefusedError:
        return False
    return True


def client(installation: Installation, identity: Identity) -> Any:
    settings = seaweed.settings(installation, identity)
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.get_secret_value(),
        region_name="us-east-1",
        config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
    )


PUBLIC = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}'
EXPIRE = {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
LABEL = {"Bucket": PATHOLOGY_BUCKET, "Key": "pathology/attacked.hl7"}
DETOURS: dict[str, Callable[[Any], object]] = {
    "copy a label": lambda s3: s3.copy_object(Bucket=IMAGES, Key="drop/stolen", CopySource=LABEL),
    "write a label in parts": lambda s3: s3.create_multipart_upload(**LABEL),
    "publish the bucket by policy": lambda s3: s3.put_bucket_policy(Bucket=IMAGES, Policy=PUBLIC),
    "publish the labels by policy": lambda s3: s3.put_bucket_policy(Bucket=PATHOLOGY_BUCKET, Policy=PUBLIC),
    "publish by ACL": lambda s3: s3.put_bucket_acl(Bucket=IMAGES, ACL="public-read-write"),
    "let objects expire": lambda s3: s3.put_bucket_lifecycle_configuration(
        Bucket=PATHOLOGY_BUCKET, LifecycleConfiguration=EXPIRE
    ),
    "let own objects expire": lambda s3: s3.put_bucket_lifecycle_configuration(
        Bucket=IMAGES, LifecycleConfiguration=EXPIRE
    ),
    "change versioning": lambda s3: s3.put_bucket_versioning(
        Bucket=IMAGES, VersioningConfiguration={"Status": "Suspended"}
    ),
    "delete recorded heads of the audit chain": lambda s3: s3.delete_object(Bucket=OURS, Key="audit/attacked"),
    "delete the bucket": lambda s3: s3.delete_bucket(Bucket=PATHOLOGY_BUCKET),
    "create a bucket": lambda s3: s3.create_bucket(Bucket="idh-mine"),
    "write into a bucket that does not exist": lambda s3: s3.put_object(Bucket="idh-drop-typo", Key="drop/x", Body=b""),
}


@pytest.mark.parametrize("detour", DETOURS)
@pytest.mark.parametrize("identity", [Identity.IMAGES, Identity.TRAINING, Identity.PAGES])
def test_no_detour_reaches_labels_or_gains_rights(planted: Installation, identity: Identity, detour: str) -> None:
    with pytest.raises(ClientError) as caught:
        DETOURS[detour](client(planted, identity))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == httpx.codes.FORBIDDEN


def test_a_bulk_deletion_deletes_no_label(planted: Installation) -> None:
    answer = client(planted, Identity.IMAGES).delete_objects(
        Bucket=PATHOLOGY_BUCKET, Delete={"Objects": [{"Key": LABEL["Key"]}]}
    )
    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    assert ObjectStore(seaweed.settings(planted), PATHOLOGY_BUCKET).get(LABEL["Key"]) == b"content"


@pytest.mark.parametrize("step", ["..", "%2e%2e", "..%2f", "a/../.."])
def test_path_traversal_does_not_leave_the_bucket(planted: Installation, step: str) -> None:
    path = f"/{IMAGES}/drop/{step}/{step}/{PATHOLOGY_BUCKET}/pathology/climbed.hl7"
    answer = signed(planted, Identity.IMAGES, "PUT", path)
    assert answer.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.FORBIDDEN)
    assert list(ObjectStore(seaweed.settings(planted), PATHOLOGY_BUCKET).listed("pathology/climbed")) == []


def signed(installation: Installation, identity: Identity, method: str, path: str) -> httpx.Response:
    """Send a request signed for exactly this path."""
    settings = seaweed.settings(installation, identity)
    request = AWSRequest(method, settings.endpoint + path, data=b"evil")
    key = Credentials(settings.access_key, settings.secret_key.get_secret_value())
    S3SigV4Auth(key, "s3", "us-east-1").add_auth(request)
    target = httpx.URL(settings.endpoint).copy_with(raw_path=path.encode())
    return httpx.request(method, target, content=b"evil", headers=dict(request.headers))


@pytest.mark.parametrize(
    "path", ["/", f"/{OURS}", f"/{OURS}/models/attacked", f"/{OURS}?policy", "/metrics", "/debug/pprof/"]
)
def test_the_s3_port_refuses_requests_without_a_key(planted: Installation, path: str) -> None:
    answer = httpx.get(seaweed.settings(planted).endpoint + path)
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_identities_cannot_be_administered_without_a_key(planted: Installation) -> None:
    body = {"Action": "CreateUser", "UserName": "mallory", "Version": "2010-05-08"}
    answer = httpx.post(seaweed.settings(planted).endpoint, data=body)
    assert answer.status_code == httpx.codes.METHOD_NOT_ALLOWED


def test_the_platform_may_read_the_encryption_of_its_bucket(planted: Installation) -> None:
    with pytest.raises(ClientError) as caught:
        client(planted, Identity.PLATFORM).get_bucket_encryption(Bucket=OURS)
    assert caught.value.response["Error"]["Code"] == "ServerSideEncryptionConfigurationNotFoundError"
