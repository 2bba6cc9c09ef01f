"""The object store as hospitals run it: encrypted with keys of theirs, or older than the client."""

import base64
import hashlib

import pytest
from pydantic import SecretStr

from idh_tasks.errors import RunRefusedError, StudyQuarantinedError, TransientError
from idh_tasks.store.objects import ObjectStore
from tests.s3_stub import StubStore, served

RANDOM = "0" * 31 + "1"
CUSTOMER_KEY = bytes(range(32))
OLDER = ("x-amz-checksum", "x-amz-sdk-checksum", "x-amz-trailer")


def test_an_older_store_needs_no_setting() -> None:
    with served(StubStore(refused=OLDER)) as settings:
        store = ObjectStore(settings)
        store.put("key", b"content")
        assert store.get("key") == b"content"


def test_checksums_of_newer_stores_are_used_where_the_setting_says_so() -> None:
    with served(older := StubStore(refused=OLDER), checksums="when_supported") as settings:
        with pytest.raises(RunRefusedError, match="E_STORE_REQUEST"):
            ObjectStore(settings).get("key")
        assert any("x-amz-checksum-mode" in headers for headers in older.requests)


def test_no_condition_is_sent_without_an_etag_and_a_quoted_one_with_it() -> None:
    with served(plain := StubStore()) as settings:
        store = ObjectStore(settings)
        store.put("key", b"content")
        etag = hashlib.md5(b"content", usedforsecurity=False).hexdigest()
        assert store.get("key") == store.get("key", etag) == b"content"
        assert [headers.get("if-match") for headers in plain.requests] == [None, None, f'"{etag}"']
        with pytest.raises(TransientError, match="E_CHANGED"):
            store.get("key", RANDOM)


def test_a_store_that_ignores_the_condition_does_not_pass_another_object_off() -> None:
    with served(StubStore(answered={"ETag": '"other-2"'})) as settings:
        store = ObjectStore(settings)
        store.put("key", b"content")
        with pytest.raises(TransientError, match="E_CHANGED"):
            store.get("key", hashlib.md5(b"content", usedforsecurity=False).hexdigest())


@pytest.mark.parametrize(
    "encryption",
    [
        {"x-amz-server-side-encryption": "aws:kms"},
        {"x-amz-server-side-encryption": "aws:kms:dsse"},
        {"x-amz-server-side-encryption-customer-algorithm": "AES256"},
    ],
)
def test_under_kms_or_a_customers_key_the_etag_is_no_checksum(encryption: dict[str, str]) -> None:
    with served(StubStore(answered={"ETag": f'"{RANDOM}"', **encryption})) as settings:
        store = ObjectStore(settings)
        store.put("key", b"content")
        assert store.get("key", RANDOM) == b"content"


@pytest.mark.parametrize("encryption", [{}, {"x-amz-server-side-encryption": "AES256"}])
def test_elsewhere_an_etag_that_is_not_the_md5_shows_damaged_bytes(encryption: dict[str, str]) -> None:
    with served(StubStore(answered={"ETag": f'"{RANDOM}"', **encryption})) as settings:
        store = ObjectStore(settings)
        store.put("key", b"content")
        with pytest.raises(StudyQuarantinedError, match="E_CHECKSUM"):
            store.get("key")


def test_bytes_that_do_not_match_the_stores_own_checksum_are_reported() -> None:
    wrong = base64.b64encode(b"\0\0\0\1").decode()
    with served(StubStore(answered={"x-amz-checksum-crc32": wrong}), checksums="when_supported") as settings:
        store = ObjectStore(settings)
        store.put("key", b"content")
        with pytest.raises(StudyQuarantinedError, match="E_CHECKSUM"):
            store.get("key")


def test_a_bucket_with_customers_keys_is_read_with_the_key_and_refused_without() -> None:
    md5 = base64.b64encode(hashlib.md5(CUSTOMER_KEY, usedforsecurity=False).digest()).decode()
    key = SecretStr(base64.b64encode(CUSTOMER_KEY).decode())
    answered = {"x-amz-server-side-encryption-customer-algorithm": "AES256", "ETag": f'"{RANDOM}"'}
    with served(StubStore(customer_key_md5=md5, answered=answered), customer_key=key) as settings:
        store = ObjectStore(settings)
        store.put("key", b"content")
        assert store.get("key") == b"content"
        with pytest.raises(RunRefusedError, match=r"E_STORE_REQUEST.*InvalidRequest") as caught:
            ObjectStore(settings.model_copy(update={"customer_key": None})).get("key")
        assert "secret-text" not in str(caught.value)


@pytest.mark.parametrize("key", ["short", "", base64.b64encode(b"x" * 31).decode()])
def test_a_customers_key_of_another_length_is_refused_at_once(key: str) -> None:
    with (
        served(StubStore(), customer_key=SecretStr(key)) as settings,
        pytest.raises(RunRefusedError, match="customer_key"),
    ):
        ObjectStore(settings)


def test_an_invalid_argument_is_not_tried_again() -> None:
    with served(refusing := StubStore(refused=("authorization",))) as settings:
        with pytest.raises(RunRefusedError, match=r"E_STORE_REQUEST.*InvalidArgument"):
            ObjectStore(settings).put("key", b"content")
        assert len(refusing.requests) == 1
