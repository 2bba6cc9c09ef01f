"""Checks that a bucket can be used as it must be, within seconds and without leaving anything behind."""

from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from idh_tasks.endpoints import StoreSettings
from idh_tasks.store.objects import ObjectStore, customer_key, s3_client
from idh_tasks.store.refusals import store_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PATIENCE = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 1})
NAME = "connection-test"


def probe(settings: StoreSettings, bucket: str, prefix: str, write_below: str | None = None) -> None:
    """Check that a bucket can be listed and read below a prefix, and the platform's own that it is safe.

    Parameters
    ----------
    write_below
        Where it must also be possible to write.

    Raises
    ------
    IdhError
        ``E_STORE…`` naming the bucket.
    """
    client = s3_client(settings, PATIENCE)
    if bucket == settings.bucket:
        ObjectStore(settings, bucket, client).preflight()
    try:
        _read(client, settings, bucket, prefix)
        if write_below is not None:
            _write(client, settings, bucket, write_below)
    except (ClientError, BotoCoreError) as error:
        raise store_error(error, f"bucket {bucket}") from None


def _read(client: "S3Client", settings: StoreSettings, bucket: str, prefix: str) -> None:
    listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("Contents", [])
    for item in listed:
        client.head_object(Bucket=bucket, Key=item["Key"], **customer_key(settings))


def _write(client: "S3Client", settings: StoreSettings, bucket: str, prefix: str) -> None:
    """Begin an upload, which needs the right to write, and abort it: no object and no version of one arises."""
    key = f"{prefix}{NAME}"
    begun = client.create_multipart_upload(Bucket=bucket, Key=key, **customer_key(settings))
    client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=begun["UploadId"])
