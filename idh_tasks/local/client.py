"""A small client of Airflow's REST API, for the demo and the tests."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation

QUESTIONS = "review_cases"
UNFINISHED = ("queued", "running")


@dataclass(frozen=True)
class AirflowClient:
    """Calls Airflow as the administrator of a local installation."""

    installation: Installation

    @cached_property
    def _http(self) -> httpx.Client:
        base = airflow.base_url(self.installation)
        login = {"username": airflow.USER, "password": self.installation.secrets["admin_password"]}
        token = httpx.post(f"{base}/auth/token", json=login, timeout=30).raise_for_status().json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        return httpx.Client(base_url=f"{base}/api/v2", headers=headers, timeout=60)

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a GET request."""
        answer = self._http.get(path, params=parameters).raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def patch(self, path: str, content: dict[str, Any]) -> None:
        """Change something."""
        self._http.patch(path, json=content).raise_for_status()

    def dag_ids(self) -> list[str]:
        """Return the DAGs that have been parsed."""
        return sorted(dag["dag_id"] for dag in self.get("/dags")["dags"])

    def trigger(self, dag_id: str, **conf: Any) -> str:
        """Start a run by hand and return its id."""
        body = {"logical_date": None, "conf": conf}
        answer = self._http.post(f"/dags/{dag_id}/dagRuns", json=body).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def runs(self, dag_id: str = "~") -> list[dict[str, Any]]:
        """Return the newest runs of a DAG, or of all."""
        found: list[dict[str, Any]] = self.get(f"/dags/{dag_id}/dagRuns", limit=100, order_by="-run_after")["dag_runs"]
        return found

    def idle(self) -> bool:
        """Tell whether nothing runs and no asset event waits for its DAG; who waits for a person does not count."""
        if any(run["state"] in UNFINISHED for run in self.runs() if run["dag_id"] != QUESTIONS):
            return False
        return not any(self._queued(dag_id) for dag_id in self.dag_ids())

    def _queued(self, dag_id: str) -> bool:
        answer = self._http.get(f"/dags/{dag_id}/assets/queuedEvents")
        return answer.status_code == httpx.codes.OK and answer.json()["total_entries"] > 0
