"""S3 by boto3: bytes in, bytes out, every failure named."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from idh_tasks.errors import IdhError, RunRefusedError, TransientError
from idh_tasks.settings import StoreSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FATAL = {
    "AccessDenied": "E_STORE_AUTH",
    "InvalidAccessKeyId": "E_STORE_AUTH",
    "SignatureDoesNotMatch": "E_STORE_AUTH",
    "NoSuchBucket": "E_STORE_MISSING",
}


@dataclass(frozen=True)
class Listed:
    """An object as listed: its key, size and ETag."""

    key: str
    size: int
    etag: str


def sha256(content: bytes) -> str:
    """Return the hash that is recorded with every object."""
    return hashlib.sha256(content).hexdigest()


def _raise(error: Exception, what: str) -> NoReturn:
    """Translate without the provider's text, which may hold keys and signatures."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in ("NoSuchKey", "404"):
        raise IdhError("W_VANISHED", f"{what}: the object is gone") from None
    if code in FATAL:
        raise RunRefusedError(FATAL[code], f"{what}: the store refused; check the connection") from None
    raise TransientError("E_STORE", f"{what}: the store failed ({code or type(error).__name__})") from None


class ObjectStore:
    """One bucket of an S3 endpoint.

    Parameters
    ----------
    settings
        Endpoint and credentials.
    bucket
        The bucket to use; defaults to the platform's own.
    """

    def __init__(self, settings: StoreSettings, bucket: str | None = None) -> None:
        self.bucket = bucket or settings.bucket
        self._client: S3Client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key.get_secret_value(),
            region_name="us-east-1",
            config=Config(
                retries={"max_attempts": 5, "mode": "standard"},
                s3={"addressing_style": "path"},
                connect_timeout=10,
                read_timeout=60,
            ),
        )

    def create(self) -> None:
        """Create the bucket if it is not there."""
        try:
            self._client.create_bucket(Bucket=self.bucket)
        except (self._client.exceptions.BucketAlreadyExists, self._client.exceptions.BucketAlreadyOwnedByYou):
            return
        except (ClientError, BotoCoreError) as error:
            _raise(error, "create bucket")

    def listed(self, prefix: str) -> Iterator[Listed]:
        """Yield every object below a prefix, however many pages there are."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield Listed(item["Key"], item["Size"], item["ETag"].strip('"'))
        except (ClientError, BotoCoreError) as error:
            _raise(error, "list")

    def get(self, key: str, etag: str | None = None) -> bytes:
        """Read an object; with `etag`, only that very content.

        Raises
        ------
        IdhError
            ``W_VANISHED`` if it is gone, ``E_CHANGED`` if its content is another one now.
        """
        try:
            return self._client.get_object(Bucket=self.bucket, Key=key, IfMatch=etag or "*")["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "412"):
                raise TransientError("E_CHANGED", "the object was replaced while it was read") from None
            _raise(error, "get")
        except BotoCoreError as error:
            _raise(error, "get")

    def get_checked(self, key: str, expected_sha256: str) -> bytes:
        """Read an object of ours and compare its hash with the recorded one.

        Raises
        ------
        IdhError
            ``E_HASH`` if the bytes are not those that were recorded.
        """
        content = self.get(key)
        if sha256(content) != expected_sha256:
            raise IdhError("E_HASH", f"{key} does not have the recorded hash; restore it from a backup")
        return content

    def put(self, key: str, content: bytes) -> str:
        """Write an object whole or not at all (S3 publishes at the end) and return its hash."""
        try:
            self._client.put_object(Bucket=self.bucket, Key=key, Body=content)
        except (ClientError, BotoCoreError) as error:
            _raise(error, "put")
        return sha256(content)
