"""The change feed of the simulated PACS by HTTP, as Orthanc's `/changes`, with the studies that it names."""

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
"""Orthanc's own limit."""
OF_A_CHANGE = """
SELECT s.* FROM change c JOIN study s ON s.study_uid = c.study_uid AND s.patient_id = c.patient_id
WHERE c.public_id = ? LIMIT 1
"""
"""Orthanc knows a study that is filed under another patient by another identifier, and no more by the former."""


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
            query = parse_qs(url.query, keep_blank_values=True)
            return self._changes({name: given[0] for name, given in query.items()})
        if url.path.startswith("/studies/"):
            return self._study(url.path.removeprefix("/studies/"))
        return {"Name": "table", "Version": "1.12.0"} if url.path == "/system" else None

    def _changes(self, query: dict[str, str]) -> Any:
        since = int(query.get("since", "0"))
        if "last" in query:
            found, page = self.table.rows("SELECT * FROM change ORDER BY seq DESC LIMIT 1"), 1
        else:
            page = min(int(query.get("limit", "0")) or LARGEST_PAGE, LARGEST_PAGE)
            found = self.table.rows("SELECT * FROM change WHERE seq > ? ORDER BY seq LIMIT ?", (since, page + 1))
        rows = found[:page]
        last = rows[-1]["seq"] if rows else since
        return {"Changes": [_change(row) for row in rows], "Done": len(found) <= page, "Last": last}

    def _study(self, identifier: str) -> Any:
        for row in self.table.rows(OF_A_CHANGE, (identifier,)):
            study = {
                "StudyInstanceUID": row["study_uid"],
                "StudyDate": row["study_date"],
                "StudyDescription": row["description"],
                "AccessionNumber": row["accession"],
            }
            patient = {"PatientID": row["patient_id"], "PatientBirthDate": row["birth_date"]}
            return {"ID": identifier, "Type": "Study", "MainDicomTags": study, "PatientMainDicomTags": patient}
        return None


def _change(row: Any) -> dict[str, Any]:
    return {
        "ChangeType": row["type"],
        "Date": f"{row['day']}T120000",
        "ID": row["public_id"],
        "Path": f"/studies/{row['public_id']}",
        "ResourceType": "Study",
        "Seq": row["seq"],
    }


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
