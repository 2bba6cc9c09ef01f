"""The object store: S3 by boto3; every failure is translated into an error of the platform."""

import base64
import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    IncompleteReadError,
    ResponseStreamingError,
)

from idh_tasks.codes import Code
from idh_tasks.domain.encryption import LOOPBACK
from idh_tasks.endpoints import StoreSettings
from idh_tasks.errors import IdhError, ObjectReplacedError, RunRefusedError, StudyQuarantinedError
from idh_tasks.store.content import PIECE_BYTES, file_digest
from idh_tasks.store.parallel import THREADS
from idh_tasks.store.refusals import store_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, LifecycleRuleTypeDef

MD5_ETAG = re.compile(r"[0-9a-f]{32}")
ABORT_UNFINISHED: "LifecycleRuleTypeDef" = {
    "ID": "abort-unfinished-uploads",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}


@dataclass(frozen=True)
class ListedObject:
    """An object as the store lists it."""

    key: str
    size: int
    etag: str


def sha256(content: bytes) -> str:
    """Return the hash that is recorded for every object."""
    return hashlib.sha256(content).hexdigest()


def _stated_md5(answer: "GetObjectOutputTypeDef") -> str | None:
    """Return the MD5 that the ETag is: not for multipart uploads, under KMS or customer's keys."""
    etag = answer["ETag"].strip('"')
    if answer.get("SSECustomerAlgorithm") or answer.get("ServerSideEncryption", "AES256") != "AES256":
        return None
    return etag if MD5_ETAG.fullmatch(etag) else None


def _content_md5(content: BinaryIO) -> str:
    """Return the checksum that every S3 store verifies, older ones too, and that a bucket with object lock requires."""
    return base64.b64encode(file_digest(content, "md5")).decode()


def s3_client(settings: StoreSettings, limits: Config | None = None) -> "S3Client":
    """Return a client for the endpoint of the settings; `limits` replaces its time limits and retries."""
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.get_secret_value(),
        region_name="us-east-1",
        config=Config(
            retries={"max_attempts": 5, "mode": "standard"},
            s3={"addressing_style": "path"},
            request_checksum_calculation=settings.checksums,
            response_checksum_validation=settings.checksums,
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=THREADS,
        ).merge(limits or Config()),
    )


def customer_key(settings: StoreSettings) -> dict[str, Any]:
    """Return the parameters by which a store encrypts and decrypts with the customer's key (SSE-C)."""
    if settings.customer_key is None:
        return {}
    try:
        key = base64.b64decode(settings.customer_key.get_secret_value(), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise RunRefusedError(Code.E_STORE_REQUEST, "customer_key is not a key of 32 bytes in base64")
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}


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
        self._customer_key = customer_key(settings)

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
            raise store_error(error, "preflight") from None
        except BotoCoreError as error:
            raise store_error(error, "preflight") from None

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
            raise store_error(error, "create bucket") from None

    def listed(self, prefix: str) -> Iterator[ListedObject]:
        """Yield every object below a prefix, page by page."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield ListedObject(item["Key"], item["Size"], item["ETag"].strip('"'))
        except (ClientError, BotoCoreError) as error:
            raise store_error(error, "list") from None

    def get(self, key: str, etag: str | None = None) -> bytes:
        """Read an object; with `etag`, only that exact content.

        Raises
        ------
        IdhError
            As `stream`.
        """
        return b"".join(self.stream(key, etag))

    def stream(self, key: str, etag: str | None = None) -> Iterator[bytes]:
        """Yield an object piece by piece; with `etag`, only that exact content. It is known to be whole at the end.

        Raises
        ------
        IdhError
            ``W_VANISHED`` if it does not exist, ``E_CHANGED`` if its content has changed, ``E_CHECKSUM`` if the
            received bytes do not match its checksum.
        """
        condition: dict[str, Any] = {"IfMatch": f'"{etag}"'} if etag else {}
        digest = hashlib.md5(usedforsecurity=False)
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=key, **condition, **self._customer_key)
            if etag and answer["ETag"].strip('"') != etag:
                raise ObjectReplacedError(Code.E_CHANGED, "the object was replaced while it was read")
            for piece in answer["Body"].iter_chunks(PIECE_BYTES):
                digest.update(piece)
                yield piece
        except FlexibleChecksumError:
            raise StudyQuarantinedError(
                Code.E_CHECKSUM, "the object does not match its checksum; deliver it again"
            ) from None
        except (IncompleteReadError, ResponseStreamingError):
            raise StudyQuarantinedError(
                Code.E_CHECKSUM, "the transfer of the object ended early; readmit it or deliver it again"
            ) from None
        except (ClientError, BotoCoreError) as error:
            raise store_error(error, "get") from None
        if _stated_md5(answer) not in (None, digest.hexdigest()):
            raise StudyQuarantinedError(Code.E_CHECKSUM, "the object does not match its checksum; deliver it again")

    def get_checked(self, key: str, expected_sha256: str) -> bytes:
        """Read an object that the platform has written, and compare its hash with the recorded one.

        Raises
        ------
        IdhError
            ``E_HASH`` if the content does not have the recorded hash.
        """
        return b"".join(self.stream_checked(key, expected_sha256))

    def stream_checked(self, key: str, expected_sha256: str) -> Iterator[bytes]:
        """Yield an object that the platform has written, piece by piece; its hash is compared at the end.

        Raises
        ------
        IdhError
            ``E_HASH``, as `get_checked`.
        """
        digest = hashlib.sha256()
        for piece in self.stream(key):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != expected_sha256:
            raise IdhError(Code.E_HASH, f"{key} does not have the recorded hash; restore it from a backup")

    def delete(self, key: str) -> None:
        """Delete an object; if it does not exist, that is no error."""
        try:
            self._client.delete_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise store_error(error, "delete") from None

    def put(self, key: str, content: bytes) -> str:
        """Write an object completely or not at all (S3 publishes it at the end), and return its hash."""
        self.put_file(key, BytesIO(content))
        return sha256(content)

    def put_file(self, key: str, content: BinaryIO) -> None:
        """Write an object, as `put`, from a file that may be larger than the memory."""
        try:
            self._client.put_object(
                Bucket=self.bucket, Key=key, Body=content, ContentMD5=_content_md5(content), **self._customer_key
            )
        except (ClientError, BotoCoreError) as error:
            raise store_error(error, "put") from None
