"""The change feed of an Orthanc: which studies have become complete since a position, whatever their date."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from idh_tasks.codes import Code
from idh_tasks.domain.encryption import require_encrypted_url
from idh_tasks.endpoints import ChangesSettings
from idh_tasks.errors import TransientError

STABLE = "StableStudy"


@dataclass(frozen=True, repr=False)
class Changes:
    """The studies that have become complete, and the position from which to read on; `gap` names lost changes."""

    study_uids: tuple[str, ...]
    position: int
    gap: str | None = None

    def __repr__(self) -> str:
        return f"Changes({len(self.study_uids)})"


def read_changes(feed: ChangesSettings, since: int | None) -> Changes:
    """Read all changes after a position; without one, only find out where the feed is.

    Raises
    ------
    TransientError
        ``E_PACS`` if the feed cannot be read.
    RunRefusedError
        ``E_UNENCRYPTED`` before anything is sent.
    """
    try:
        with _session(feed) as session:
            last = int(_get(session, feed, "changes", last="")["Last"])
            if since is None:
                return Changes((), last)
            gap = "the feed begins anew; its changes are read from the first one" if since > last else None
            resources, position = _resources(session, feed, 0 if gap else since)
            return Changes(tuple(_study_uids(session, feed, resources)), position, gap)
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:  # their texts may hold addresses
        raise TransientError(Code.E_PACS, f"the change feed failed ({type(error).__name__})") from None


def _session(feed: ChangesSettings) -> requests.Session:
    require_encrypted_url("the change feed", feed.url, private=feed.private_network)
    session = requests.Session()
    session.trust_env = False  # no ~/.netrc, no proxy of the environment
    if feed.login:
        session.auth = (feed.login, feed.password.get_secret_value() if feed.password else "")
    return session


def _get(session: requests.Session, feed: ChangesSettings, path: str, **parameters: Any) -> dict[str, Any]:
    url = f"{feed.url.rstrip('/')}/{path}"
    answer = session.get(url, params=parameters, timeout=feed.timeout_s, allow_redirects=False)
    answer.raise_for_status()
    content: dict[str, Any] = answer.json()
    return content


def _resources(session: requests.Session, feed: ChangesSettings, since: int) -> tuple[list[str], int]:
    """Return Orthanc's ids of the studies that have become complete, each once, and the last position."""
    found: dict[str, None] = {}
    position, done = since, False
    while not done:
        page = _get(session, feed, "changes", since=position, limit=feed.page)
        found |= {change["ID"]: None for change in page["Changes"] if change["ChangeType"] == STABLE}
        position, done = int(page["Last"]), bool(page["Done"])
    return list(found), position


def _study_uids(session: requests.Session, feed: ChangesSettings, resources: list[str]) -> Iterator[str]:
    for resource in resources:
        try:
            yield str(_get(session, feed, f"studies/{resource}")["MainDicomTags"]["StudyInstanceUID"])
        except requests.HTTPError as error:
            if error.response is None or error.response.status_code != requests.codes.not_found:
                raise
            # It was deleted since: nothing is to be fetched.
