"""The object store: S3 by boto3; every failure is translated into an error of the platform."""

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
"""Errors that a retry does not solve; SlowDown and 5xx are retried, first by botocore and then by Airflow."""
MD5_ETAG = re.compile(r"[0-9a-f]{32}")
ABORT_UNFINISHED: "LifecycleRuleTypeDef" = {
    "ID": "abort-unfinished-uploads",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class ListedObject:
    """An object as the store lists it."""

    key: str
    size: int
    etag: str


def sha256(content: bytes) -> str:
    """Return the hash that is recorded for every object."""
    return hashlib.sha256(content).hexdigest()


def _check_md5(content: bytes, etag: str) -> None:
    """Compare content and ETag where the ETag is an MD5, which it is not for multipart uploads or under KMS."""
    if MD5_ETAG.fullmatch(etag) and hashlib.md5(content, usedforsecurity=False).hexdigest() != etag:
        raise StudyQuarantinedError(Code.E_CHECKSUM, "the object does not match its checksum; deliver it again")


def _raise(error: Exception, what: str) -> NoReturn:
    """Raise our own error without the provider's text, which may contain keys and signatures."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in ("NoSuchKey", "404"):
        raise ObjectVanishedError(Code.W_VANISHED, f"{what}: the object does not exist") from None
    if code in FATAL:
        raise RunRefusedError(FATAL[code], f"{what}: the store refused the request; check the connection") from None
    raise TransientError(Code.E_STORE, f"{what}: the store failed ({code or type(error).__name__})") from None


def s3_client(settings: StoreSettings) -> "S3Client":
    """Return a client for the endpoint of the settings."""
    return boto3.client(
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


class ObjectStore:
    """One bucket of an S3 endpoint.

    Parameters
    ----------
    settings
        Endpoint and credentials.
    bucket
        The bucket to use; defaults to the platform's own.
    client
        The client to use; defaults to a new one for the settings.
    """

    def __init__(self, settings: StoreSettings, bucket: str | None = None, client: "S3Client | None" = None) -> None:
        self._settings = settings
        self.bucket = bucket or settings.bucket
        self._client = client or s3_client(settings)

    def preflight(self) -> None:
        """Refuse a store to which patient data would be sent, or in which they would be stored, unencrypted.

        Raises
        ------
        RunRefusedError
            ``E_STORE_INSECURE`` without TLS or server-side encryption, unless the settings state that the network
            is private; the loopback interface is.
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
        """Create the bucket if it does not exist; unfinished multipart uploads are deleted from it after a day."""
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

    def listed(self, prefix: str) -> Iterator[ListedObject]:
        """Yield every object below a prefix, page by page."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield ListedObject(item["Key"], item["Size"], item["ETag"].strip('"'))
        except (ClientError, BotoCoreError) as error:
            _raise(error, "list")

    def get(self, key: str, etag: str | None = None) -> bytes:
        """Read an object; with `etag`, only that exact content.

        Raises
        ------
        IdhError
            ``W_VANISHED`` if it does not exist, ``E_CHANGED`` if its content has changed, ``E_CHECKSUM`` if the
            received bytes do not match its checksum.
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
                Code.E_CHECKSUM, "the transfer of the object ended early; readmit it or deliver it again"
            ) from None
        except BotoCoreError as error:
            _raise(error, "get")
        _check_md5(content, answer["ETag"].strip('"'))
        return content

    def get_checked(self, key: str, expected_sha256: str) -> bytes:
        """Read an object that the platform has written, and compare its hash with the recorded one.

        Raises
        ------
        IdhError
            ``E_HASH`` if the content does not have the recorded hash.
        """
        content = self.get(key)
        if sha256(content) != expected_sha256:
            raise IdhError(Code.E_HASH, f"{key} does not have the recorded hash; restore it from a backup")
        return content

    def delete(self, key: str) -> None:
        """Delete an object; if it does not exist, that is no error."""
        try:
            self._client.delete_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            _raise(error, "delete")

    def put(self, key: str, content: bytes) -> str:
        """Write an object completely or not at all (S3 publishes it at the end), and return its hash."""
        try:
            self._client.put_object(Bucket=self.bucket, Key=key, Body=content)
        except (ClientError, BotoCoreError) as error:
            _raise(error, "put")
        return sha256(content)
