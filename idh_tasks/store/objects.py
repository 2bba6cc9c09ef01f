"""S3 by boto3: bytes in, bytes out, every failure named."""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError, ResponseStreamingError

from idh_tasks.codes import Code
from idh_tasks.errors import (
    IdhError,
    ObjectReplacedError,
    ObjectVanishedError,
    RunRefusedError,
    StudyQuarantinedError,
    TransientError,
)
from idh_tasks.settings import StoreSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import LifecycleRuleTypeDef

FATAL = {
    "AccessDenied": Code.E_STORE_AUTH,
    "ExpiredToken": Code.E_STORE_AUTH,
    "InvalidAccessKeyId": Code.E_STORE_AUTH,
    "InvalidToken": Code.E_STORE_AUTH,
    "RequestTimeTooSkewed": Code.E_STORE_AUTH,
    "SignatureDoesNotMatch": Code.E_STORE_AUTH,
    "403": Code.E_STORE_AUTH,
    "NoSuchBucket": Code.E_STORE_MISSING,
}
"""What trying again does not mend; SlowDown and 5xx are tried again, by botocore first and then by Airflow."""
MD5_ETAG = re.compile(r"[0-9a-f]{32}")
ABORT_UNFINISHED: "LifecycleRuleTypeDef" = {
    "ID": "abort-unfinished-uploads",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Listed:
    """An object as listed: its key, size and ETag."""

    key: str
    size: int
    etag: str


def sha256(content: bytes) -> str:
    """Return the hash that is recorded with every object."""
    return hashlib.sha256(content).hexdigest()


def _check_md5(content: bytes, etag: str) -> None:
    """Compare with the ETag where it is an MD5: not of uploads in parts, not under KMS."""
    if MD5_ETAG.fullmatch(etag) and hashlib.md5(content, usedforsecurity=False).hexdigest() != etag:
        raise StudyQuarantinedError(Code.E_CHECKSUM, "the object's bytes do not fit its checksum; deliver it again")


def _raise(error: Exception, what: str) -> NoReturn:
    """Translate without the provider's text, which may hold keys and signatures."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in ("NoSuchKey", "404"):
        raise ObjectVanishedError(Code.W_VANISHED, f"{what}: the object is gone") from None
    if code in FATAL:
        raise RunRefusedError(FATAL[code], f"{what}: the store refused; check the connection") from None
    raise TransientError(Code.E_STORE, f"{what}: the store failed ({code or type(error).__name__})") from None


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
        self._settings = settings
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

    def preflight(self) -> None:
        """Refuse a store to which patients' data would travel in the clear, or lie in it so.

        Raises
        ------
        RunRefusedError
            ``E_STORE_INSECURE`` without TLS or server-side encryption, unless the settings say that the network
            is private; a store on this machine is.
        """
        endpoint = urlsplit(self._settings.endpoint)
        if self._settings.private_network or endpoint.hostname in LOOPBACK:
            return
        if endpoint.scheme != "https":
            raise RunRefusedError(Code.E_STORE_INSECURE, "the store's address is not https")
        try:
            self._client.get_bucket_encryption(Bucket=self.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ServerSideEncryptionConfigurationNotFoundError":
                raise RunRefusedError(Code.E_STORE_INSECURE, f"bucket {self.bucket} is not encrypted") from None
            _raise(error, "preflight")
        except BotoCoreError as error:
            _raise(error, "preflight")

    def create(self) -> None:
        """Create the bucket if it is not there; uploads in parts that were never finished go from it after a day."""
        try:
            with contextlib.suppress(
                self._client.exceptions.BucketAlreadyExists, self._client.exceptions.BucketAlreadyOwnedByYou
            ):
                self._client.create_bucket(Bucket=self.bucket)
            self._client.put_bucket_lifecycle_configuration(
                Bucket=self.bucket, LifecycleConfiguration={"Rules": [ABORT_UNFINISHED]}
            )
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
            ``W_VANISHED`` if it is gone, ``E_CHANGED`` if its content is another one now, ``E_CHECKSUM`` if
            what arrived is not what lies there.
        """
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key, IfMatch=etag or "*")
            content = answer["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "412"):
                raise ObjectReplacedError(Code.E_CHANGED, "the object was replaced while it was read") from None
            _raise(error, "get")
        except (IncompleteReadError, ResponseStreamingError):
            raise StudyQuarantinedError(
                Code.E_CHECKSUM, "the object ended early; readmit it or deliver it again"
            ) from None
        except BotoCoreError as error:
            _raise(error, "get")
        _check_md5(content, answer["ETag"].strip('"'))
        return content

    def get_checked(self, key: str, expected_sha256: str) -> bytes:
        """Read an object of ours and compare its hash with the recorded one.

        Raises
        ------
        IdhError
            ``E_HASH`` if the bytes are not those that were recorded.
        """
        content = self.get(key)
        if sha256(content) != expected_sha256:
            raise IdhError(Code.E_HASH, f"{key} does not have the recorded hash; restore it from a backup")
        return content

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        try:
            self._client.delete_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            _raise(error, "delete")

    def put(self, key: str, content: bytes) -> str:
        """Write an object whole or not at all (S3 publishes at the end) and return its hash."""
        try:
            self._client.put_object(Bucket=self.bucket, Key=key, Body=content)
        except (ClientError, BotoCoreError) as error:
            _raise(error, "put")
        return sha256(content)
