"""Sessions with a DICOMweb archive: encrypted or declared private, no redirect to another host, bounded answers."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from dicomweb_client import DICOMwebClient
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from idh_tasks.codes import Code
from idh_tasks.domain.encryption import require_encrypted_url
from idh_tasks.endpoints import DicomwebSettings
from idh_tasks.errors import TransientError
from idh_tasks.intake.transport.inflate import ACCEPTED_CODINGS, MAX_ANSWER_BYTES, inflated

RETRIES = 4
TEMPORARY = (429, 500, 502, 503, 504)
REFUSED = (401, 403)
PIECE_BYTES = 2**16


class _SameHostSession(requests.Session):
    """A session that never follows a redirect to another host, which would send our credentials there."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._timeout_s = timeout_s

    def request(self, *args: Any, **options: Any) -> requests.Response:
        """Send a request with a time limit; a listing is read within its limit of size."""
        whole = not options.get("stream")
        options |= {"timeout": options.get("timeout") or self._timeout_s, "stream": True}
        answer = super().request(*args, **options)
        if whole:
            _read_whole(answer)
        return answer

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target and urlsplit(target).netloc not in ("", urlsplit(str(resp.url)).netloc):
            raise TransientError(Code.E_DICOMWEB, "the archive redirects to another host; set that address instead")
        return target


class _Adapter(HTTPAdapter):
    """An adapter that throws the body of a redirect away, which requests would unpack as a whole."""

    def send(self, *args: Any, **options: Any) -> requests.Response:
        """Send a request."""
        answer = super().send(*args, **options)
        if answer.is_redirect:
            answer.close()
            answer.raw = BytesIO()
        return answer


def _read_whole(answer: requests.Response) -> None:
    """Read an answer that is unpacked to at most so many bytes; requests finds it as if it had come unpacked."""
    with answer:
        content = BytesIO(b"".join(body(answer, MAX_ANSWER_BYTES)))
    answer.headers.pop("Content-Encoding", None)
    answer.raw = content


def body(answer: requests.Response, most: int) -> Iterator[bytes]:
    """Yield the body of an answer, unpacked to at most so many bytes."""
    pieces = answer.raw.stream(PIECE_BYTES, decode_content=False)
    return inflated(pieces, answer.headers.get("Content-Encoding", ""), most)


def session(archive: DicomwebSettings, retries: int = RETRIES) -> requests.Session:
    """Return a session for an archive that may be asked; every request of ours goes through one."""
    require_encrypted_url("the DICOMweb archive", archive.url, private=archive.private_network)
    made = _SameHostSession(archive.timeout_s)
    made.headers.update(ACCEPTED_CODINGS)
    made.trust_env = False  # no ~/.netrc, no proxy of the environment
    if archive.token is not None:
        made.headers["Authorization"] = f"Bearer {archive.token.get_secret_value()}"
    elif archive.login:
        made.auth = (archive.login, archive.password.get_secret_value() if archive.password else "")
    # A Retry-After header is respected.
    retry = Retry(total=retries, backoff_factor=0.3, backoff_jitter=0.3, status_forcelist=TEMPORARY, backoff_max=30)
    for scheme in ("http://", "https://"):
        made.mount(scheme, _Adapter(max_retries=retry))
    return made


def client(archive: DicomwebSettings, retries: int = RETRIES) -> DICOMwebClient:
    """Return a client for searches; it shares the rules of `session`."""
    made = DICOMwebClient(archive.url, session=session(archive, retries), timeout=archive.timeout_s)
    made.set_http_retry_params(retry=False)  # our session has its own retries, with jitter
    return made


def translated(error: Exception) -> TransientError:
    """Return our error without the text of the cause: it may hold addresses with UIDs of patients."""
    if isinstance(error, TransientError):
        return error
    response = getattr(error, "response", None)
    if response is not None and response.status_code in REFUSED:
        return TransientError(Code.E_DICOMWEB, f"the archive refuses the login or token ({response.status_code})")
    status = f", status {response.status_code}" if response is not None else ""
    return TransientError(Code.E_DICOMWEB, f"the archive failed ({type(error).__name__}{status})")
