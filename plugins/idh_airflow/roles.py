"""The roles of people and their permissions, in the words of Airflow's FAB auth manager."""

from collections.abc import Mapping
from enum import StrEnum

from idh_tasks.settings import ROOT

Permission = tuple[str, str]
"""An action and the resource on which it is permitted."""


class UserRole(StrEnum):
    """What a person may do; one person can have several roles."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    PATHOLOGY_READER = "pathology reader"
    OPERATOR = "operator"
    MODEL_OWNER = "model owner"
    ADMIN = "admin"

    @property
    def fab_name(self) -> str:
        """Return the name under FAB, which has roles named Viewer and Admin of its own."""
        return "Admin" if self is UserRole.ADMIN else f"IDH {self}"


READ, CREATE, EDIT, MENU = "can_read", "can_create", "can_edit", "menu_access"
REPORT_TEXTS = "Pathology report texts"
"""A resource of our own."""
QUESTIONS, TRAINING = "review_cases", "retrain_models"
"""The DAGs in which people decide. An operator could skip a decision if they might edit these."""
OPERATED = tuple(sorted({path.stem for path in (ROOT / "dags").glob("*.py")} - {QUESTIONS, TRAINING}))
SEEN = (
    "Assets",
    "Asset Aliases",
    "DAGs",
    "DAG Dependencies",
    "DAG Runs",
    "DAG Versions",
    "DAG Warnings",
    "HITL Detail",
    "ImportError",
    "Jobs",
    "Plugins",  # The menu asks for it.
    "Task Instances",
    "Task Logs",
    "Website",
)
MENUS = ("Assets", "Browse", "DAGs", "DAG Runs", "Docs", "Documentation", "HITL Detail", "Jobs", "Task Instances")
VIEWER: frozenset[Permission] = frozenset(
    {
        *((READ, resource) for resource in SEEN),
        *((MENU, resource) for resource in MENUS),
        *((action, resource) for action in (READ, EDIT) for resource in ("My Password", "My Profile")),
    }
)


def _may_edit(*dag_ids: str) -> set[Permission]:
    return {(EDIT, f"DAG:{dag_id}") for dag_id in dag_ids}


AUDIT: set[Permission] = {(READ, "Audit Logs"), (MENU, "Audit Logs")}
RUNS: set[Permission] = {
    (CREATE, "DAG Runs"),
    (EDIT, "DAG Runs"),
    (EDIT, "Task Instances"),
    (READ, "XComs"),
    (MENU, "XComs"),
}
PERMISSIONS: Mapping[UserRole, frozenset[Permission]] = {
    UserRole.VIEWER: VIEWER,
    UserRole.REVIEWER: VIEWER | {(EDIT, "HITL Detail")} | _may_edit(QUESTIONS),
    UserRole.PATHOLOGY_READER: VIEWER | {(READ, REPORT_TEXTS)},
    UserRole.OPERATOR: VIEWER | AUDIT | RUNS | _may_edit(*OPERATED),
    UserRole.MODEL_OWNER: VIEWER | AUDIT | RUNS | {(EDIT, "HITL Detail")} | _may_edit(TRAINING),
}
"""Those of every role but the administrator, who may do everything."""
