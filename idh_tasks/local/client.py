"""A small client of Airflow's REST API, for the demo and the tests."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation

REVIEW = "review_cases"
"""Its runs wait for people."""
UNFINISHED = ("queued", "running")


@dataclass(frozen=True)
class AirflowClient:
    """Calls Airflow as the administrator of a local installation."""

    installation: Installation

    @cached_property
    def authorization(self) -> str:
        """Return the Authorization header of a session that is logged in."""
        login = {"username": airflow.USER, "password": self.installation.secrets["admin_password"]}
        token = httpx.post(f"{airflow.base_url(self.installation)}/auth/token", json=login, timeout=30)
        return f"Bearer {token.raise_for_status().json()['access_token']}"

    @cached_property
    def _http(self) -> httpx.Client:
        api = f"{airflow.base_url(self.installation)}/api/v2"
        return httpx.Client(base_url=api, headers={"Authorization": self.authorization}, timeout=60)

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a GET request."""
        answer = self._http.get(path, params=parameters).raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def patch(self, path: str, content: dict[str, Any]) -> None:
        """Send a PATCH request."""
        self._http.patch(path, json=content).raise_for_status()

    def dag_ids(self) -> list[str]:
        """Return the DAGs that have been parsed."""
        return sorted(dag["dag_id"] for dag in self.get("/dags")["dags"])

    def trigger(self, dag_id: str, **conf: Any) -> str:
        """Trigger a run and return its id."""
        body = {"logical_date": None, "conf": conf}
        answer = self._http.post(f"/dags/{dag_id}/dagRuns", json=body).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def runs(self, dag_id: str = "~") -> list[dict[str, Any]]:
        """Return the newest runs of a DAG, or of all."""
        runs: list[dict[str, Any]] = self.get(f"/dags/{dag_id}/dagRuns", limit=100, order_by="-run_after")["dag_runs"]
        return runs

    def idle(self) -> bool:
        """Return whether no DAG runs and no asset event waits for one; runs that wait for people do not count."""
        if any(run["state"] in UNFINISHED for run in self.runs() if run["dag_id"] != REVIEW):
            return False
        return not any(self._queued(dag_id) for dag_id in self.dag_ids())

    def _queued(self, dag_id: str) -> bool:
        answer = self._http.get(f"/dags/{dag_id}/assets/queuedEvents")
        return answer.status_code == httpx.codes.OK and answer.json()["total_entries"] > 0
