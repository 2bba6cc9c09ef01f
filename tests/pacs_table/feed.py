"""The change feed of the simulated PACS by HTTP, as Orthanc's `/changes`, with the studies that it names."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.pacs_table.table import Table

LARGEST_PAGE = 100


def public_id(patient_id: str, study_uid: str) -> str:
    """Return the identifier that Orthanc gives a study: it changes with the patient."""
    digest = hashlib.sha1(f"{patient_id}|{study_uid}".encode(), usedforsecurity=False).hexdigest()
    return "-".join(digest[at : at + 8] for at in range(0, 40, 8))


@dataclass
class ChangeFeed:
    """Answers requests from the table; `requests` are those that came."""

    table: Table
    away: bool = False
    port: int = 0
    requests: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str) -> Any:
        """Return the answer to a request, None if there is no such thing."""
        self.requests.append(path)
        url = urlsplit(path)
        if url.path == "/changes":
            return self._changes({name: given[0] for name, given in parse_qs(url.query, keep_blank_values=True).items()})
        if url.path.startswith("/studies/"):
            return self._study(url.path.removeprefix("/studies/"))
        return {"Name": "table", "Version": "1.12.0"} if url.path == "/system" else None

    def _changes(self, query: dict[str, str]) -> Any:
        if "last" in query:
            rows, more = self.table.rows("SELECT * FROM change ORDER BY seq DESC LIMIT 1"), False
        else:
            since, page = int(query.get("since", "0")), min(int(query.get("limit", "100")) or LARGEST_PAGE, LARGEST_PAGE)
            found = self.table.rows("SELECT * FROM change WHERE seq > ? ORDER BY seq LIMIT ?", (since, page + 1))
            rows, more = found[:page], len(found) > page
        last = rows[-1]["seq"] if rows else int(query.get("since", "0"))
        return {"Changes": [_change(row) for row in rows], "Done": not more, "Last": last}

    def _study(self, identifier: str) -> Any:
        for row in self.table.rows("SELECT DISTINCT c.patient_id AS filed, s.* FROM change c JOIN study s USING (study_uid)"):
            if public_id(row["filed"], row["study_uid"]) == identifier:
                return {
                    "ID": identifier, "Type": "Study", "IsStable": True,
                    "MainDicomTags": {
                        "StudyInstanceUID": row["study_uid"], "StudyDate": row["study_date"],
                        "StudyDescription": row["description"], "AccessionNumber": row["accession"],
                    },
                    "PatientMainDicomTags": {"PatientID": row["patient_id"], "PatientBirthDate": row["birth_date"]},
                }  # fmt: skip
        return None


def _change(row: Any) -> dict[str, Any]:
    identifier = public_id(row["patient_id"], row["study_uid"])
    return {"ChangeType": row["type"], "Date": f"{row['day']}T120000", "ID": identifier, "Path": f"/studies/{identifier}",
            "ResourceType": "Study", "Seq": row["seq"]}  # fmt: skip


@contextmanager
def change_feed(table: Table) -> Iterator[ChangeFeed]:
    """Serve the change feed on a free port of the loopback interface."""
    feed = ChangeFeed(table)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = None if feed.away else feed.answer(self.path)
            body = json.dumps(found).encode()
            self.send_response(503 if feed.away else 404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    feed.port = server.server_port
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield feed
    finally:
        server.shutdown()
        server.server_close()
