"""The object store with a real S3 server."""

from io import BytesIO
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from pydantic import SecretStr

from idh_tasks.errors import IdhError, RunRefusedError, StudyQuarantinedError, TransientError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import ObjectStore, s3_client


def test_an_object_is_read_back_with_the_same_hash(platform: Platform) -> None:
    digest = platform.store.put("test/object", b"content")
    assert platform.store.get_checked("test/object", digest) == b"content"


def test_r03_other_bytes_than_the_recorded_ones_are_refused(platform: Platform) -> None:
    digest = platform.store.put("test/object", b"content")
    platform.store.put("test/object", b"contenT")
    with pytest.raises(IdhError, match="E_HASH"):
        platform.store.get_checked("test/object", digest)


def test_s01_a_vanished_object_is_reported(platform: Platform) -> None:
    with pytest.raises(IdhError) as caught:
        platform.store.get("test/nothing here")
    assert caught.value.code == "W_VANISHED"


def test_s02_an_object_replaced_since_the_listing_is_not_read(platform: Platform) -> None:
    platform.store.put("changed/object", b"old")
    [listed] = platform.store.listed("changed/")
    platform.store.put("changed/object", b"new content")
    with pytest.raises(TransientError, match="E_CHANGED"):
        platform.store.get(listed.key, etag=listed.etag)


def test_s04_every_page_of_a_listing_is_read(platform: Platform) -> None:
    names = {f"pages/{number:04d} ü" for number in range(1005)}
    for name in names:
        platform.drop.put(name, b"")
    assert {item.key for item in platform.drop.listed("pages/")} == names


def test_s05_a_wrong_key_is_refused_without_naming_it(platform: Platform) -> None:
    settings = platform.settings.store.model_copy(update={"secret_key": SecretStr("wrong-secret-key")})
    with pytest.raises(RunRefusedError) as caught:
        ObjectStore(settings).put("test/x", b"")
    assert caught.value.code == "E_STORE_AUTH"
    assert settings.access_key not in str(caught.value)


def stubbed(platform: Platform, method: str, error: str | None = None, **answer: Any) -> ObjectStore:
    """Return a store whose client gives one prepared answer that a real server does not give on demand."""
    client = s3_client(platform.settings.store)
    stub = Stubber(client)
    if error:
        stub.add_client_error(method, error, "secret-text", http_status_code=503 if error == "SlowDown" else 403)
    else:
        stub.add_response(method, answer)
    stub.activate()
    return ObjectStore(platform.settings.store, client=client)


@pytest.mark.parametrize("error", ["ExpiredToken", "RequestTimeTooSkewed", "AccessDenied"])
def test_s05_an_error_that_a_retry_does_not_solve_is_refused(platform: Platform, error: str) -> None:
    with pytest.raises(RunRefusedError) as caught:
        stubbed(platform, "get_object", error).get("key")
    assert caught.value.code == "E_STORE_AUTH"
    assert "secret-text" not in str(caught.value)


@pytest.mark.parametrize("error", ["SlowDown", "InternalError", "ServiceUnavailable"])
def test_s05_a_temporary_error_is_retried(platform: Platform, error: str) -> None:
    with pytest.raises(TransientError) as caught:
        stubbed(platform, "get_object", error).get("key")
    assert caught.value.code == "E_STORE"


def body(content: bytes, length: int) -> StreamingBody:
    return StreamingBody(BytesIO(content), length)


def test_s03_a_body_that_ends_early_is_reported(platform: Platform) -> None:
    store = stubbed(platform, "get_object", Body=body(b"half", 8), ETag='"x"')
    with pytest.raises(StudyQuarantinedError, match="E_CHECKSUM"):
        store.get("key")


def test_s03_bytes_that_do_not_match_their_checksum_are_reported(platform: Platform) -> None:
    store = stubbed(platform, "get_object", Body=body(b"content", 7), ETag='"' + "0" * 32 + '"')
    with pytest.raises(StudyQuarantinedError, match="E_CHECKSUM"):
        store.get("key")


def test_s06_an_interrupted_upload_leaves_no_visible_object(platform: Platform) -> None:
    class Cut(BytesIO):
        def read(self, size: int | None = -1) -> bytes:  # noqa: ARG002 - the signature of a file
            if self.tell() > 0:
                raise OSError("cut")
            return super().read(1024)

    with pytest.raises(Exception, match="cut"):
        s3_client(platform.settings.store).put_object(
            Bucket=platform.store.bucket, Key="cut/model", Body=Cut(b"x" * 100_000)
        )
    assert list(platform.store.listed("cut/")) == []


def test_s06_an_unfinished_multipart_upload_is_invisible_and_expires(platform: Platform) -> None:
    client, bucket = s3_client(platform.settings.store), platform.drop.bucket
    upload = client.create_multipart_upload(Bucket=bucket, Key="parts/model")["UploadId"]
    client.upload_part(Bucket=bucket, Key="parts/model", UploadId=upload, PartNumber=1, Body=b"x" * 5 * 2**20)
    assert list(platform.drop.listed("parts/")) == []
    assert [pending["UploadId"] for pending in client.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    [rule] = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert (rule["Status"], rule["AbortIncompleteMultipartUpload"]) == ("Enabled", {"DaysAfterInitiation": 1})


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ({"endpoint": "http://s3.hospital.example"}, True),
        ({"endpoint": "http://s3:8333", "private_network": True}, False),
        ({"endpoint": "http://127.0.0.1:9000"}, False),
    ],
)
def test_s08_a_store_without_tls_is_refused(platform: Platform, settings: dict[str, Any], refused: bool) -> None:
    store = ObjectStore(platform.settings.store.model_copy(update=settings))
    if refused:
        with pytest.raises(RunRefusedError, match="E_STORE_INSECURE"):
            store.preflight()
    else:
        store.preflight()


def test_s08_a_bucket_without_encryption_is_refused(platform: Platform) -> None:
    secure = platform.settings.store.model_copy(update={"endpoint": "https://s3.hospital.example"})
    client = s3_client(secure)
    with Stubber(client) as stub:
        stub.add_client_error("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
        with pytest.raises(RunRefusedError, match="E_STORE_INSECURE"):
            ObjectStore(secure, client=client).preflight()
