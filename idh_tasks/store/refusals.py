"""Translates errors of an S3 store into ours, without the provider's text, which may contain keys and signatures."""

from botocore.exceptions import ClientError

from idh_tasks.codes import Code
from idh_tasks.errors import IdhError, ObjectReplacedError, ObjectVanishedError, RunRefusedError, TransientError

CHECK = "check the connection"
KNOWN: dict[str, tuple[type[IdhError], Code, str]] = {
    "NoSuchKey": (ObjectVanishedError, Code.W_VANISHED, "the object does not exist"),
    "404": (ObjectVanishedError, Code.W_VANISHED, "the object does not exist"),
    "PreconditionFailed": (ObjectReplacedError, Code.E_CHANGED, "the object was replaced while it was read"),
    "412": (ObjectReplacedError, Code.E_CHANGED, "the object was replaced while it was read"),
    "NoSuchBucket": (RunRefusedError, Code.E_STORE_MISSING, f"the bucket does not exist; {CHECK}"),
    "AccessDenied": (RunRefusedError, Code.E_STORE_AUTH, f"the store refused the access; {CHECK}"),
    "ExpiredToken": (RunRefusedError, Code.E_STORE_AUTH, f"the token has expired; {CHECK}"),
    "InvalidAccessKeyId": (RunRefusedError, Code.E_STORE_AUTH, f"the store does not know the access key; {CHECK}"),
    "InvalidToken": (RunRefusedError, Code.E_STORE_AUTH, f"the token is invalid; {CHECK}"),
    "RequestTimeTooSkewed": (RunRefusedError, Code.E_STORE_AUTH, "the clocks of worker and store differ"),
    "SignatureDoesNotMatch": (RunRefusedError, Code.E_STORE_AUTH, f"the secret key is wrong; {CHECK}"),
    "403": (RunRefusedError, Code.E_STORE_AUTH, f"the store refused the access; {CHECK}"),
}
"""What the codes of S3 mean for us."""
PASSING = (
    "BadDigest",
    "IncompleteBody",
    "InternalError",
    "KMS.ThrottlingException",
    "OperationAborted",
    "RequestTimeout",
    "RequestThrottled",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottlingException",
    "TooManyRequests",
)
"""What a retry may solve although the store calls it an error of the request."""
PASSING_STATUS = (408, 409, 425, 429)


def store_error(error: Exception, what: str) -> IdhError:
    """Return our own error for one of boto3; `what` is the operation."""
    if not isinstance(error, ClientError):
        return TransientError(Code.E_STORE, f"{what}: the store failed ({type(error).__name__})")
    name = error.response["Error"]["Code"]
    if name in KNOWN:
        kind, code, reason = KNOWN[name]
        return kind(code, f"{what}: {reason}")
    if name not in PASSING and _is_refusal(error):
        return RunRefusedError(Code.E_STORE_REQUEST, f"{what}: the store rejects the request ({name})")
    return TransientError(Code.E_STORE, f"{what}: the store failed ({name})")


def _is_refusal(error: ClientError) -> bool:
    """Return whether the store will give the same answer again: it redirects, refuses, or lacks the function."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return status == 501 or (300 <= status < 500 and status not in PASSING_STATUS)
