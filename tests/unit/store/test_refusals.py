"""An error of the store becomes ours: what a retry may solve is retried, anything else is refused by name."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from idh_tasks.errors import ObjectReplacedError, ObjectVanishedError, RunRefusedError, TransientError
from idh_tasks.store.refusals import store_error


def answer(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "secret-text"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetObject",
    )


@pytest.mark.parametrize(
    ("code", "status", "kind", "ours"),
    [
        ("InvalidArgument", 400, RunRefusedError, "E_STORE_REQUEST"),
        ("InvalidRequest", 400, RunRefusedError, "E_STORE_REQUEST"),
        ("MissingContentMD5", 400, RunRefusedError, "E_STORE_REQUEST"),
        ("XAmzContentSHA256Mismatch", 400, RunRefusedError, "E_STORE_REQUEST"),
        ("KMS.DisabledException", 400, RunRefusedError, "E_STORE_REQUEST"),
        ("MethodNotAllowed", 405, RunRefusedError, "E_STORE_REQUEST"),
        ("PermanentRedirect", 301, RunRefusedError, "E_STORE_REQUEST"),
        ("NotImplemented", 501, RunRefusedError, "E_STORE_REQUEST"),
        ("AccessDenied", 403, RunRefusedError, "E_STORE_AUTH"),
        ("NoSuchBucket", 404, RunRefusedError, "E_STORE_MISSING"),
        ("NoSuchKey", 404, ObjectVanishedError, "W_VANISHED"),
        ("PreconditionFailed", 412, ObjectReplacedError, "E_CHANGED"),
        ("SlowDown", 503, TransientError, "E_STORE"),
        ("TooManyRequests", 429, TransientError, "E_STORE"),
        ("RequestTimeout", 400, TransientError, "E_STORE"),
        ("KMS.ThrottlingException", 400, TransientError, "E_STORE"),
        ("OperationAborted", 409, TransientError, "E_STORE"),
        ("InternalError", 500, TransientError, "E_STORE"),
        ("502", 502, TransientError, "E_STORE"),
    ],
)
def test_an_answer_of_the_store_has_one_consequence(code: str, status: int, kind: type[Exception], ours: str) -> None:
    error = store_error(answer(code, status), "get")
    assert (type(error), error.code) == (kind, ours)
    assert "secret-text" not in str(error)


def test_a_store_that_cannot_be_reached_is_tried_again() -> None:
    error = store_error(EndpointConnectionError(endpoint_url="https://key@s3.hospital.example"), "list")
    assert (type(error), error.code) == (TransientError, "E_STORE")
    assert "key@" not in str(error)
