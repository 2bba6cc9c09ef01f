"""Who may call which route of the pages and of Airflow: the expectation of the tests, in one place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fastapi.routing import APIRoute
from idh_airflow.places import MOUNT
from idh_airflow.roles import UserRole
from idh_airflow.ui.app import pages
from idh_airflow.ui.rights import Right

EVERYONE = frozenset(UserRole)
ADMIN = frozenset({UserRole.ADMIN})
HOLDERS: Mapping[Right, frozenset[UserRole]] = {
    Right.VIEW: EVERYONE,
    Right.OPERATE: ADMIN | {UserRole.OPERATOR},
    Right.REVIEW: ADMIN | {UserRole.REVIEWER},
    Right.APPROVE: ADMIN | {UserRole.MODEL_OWNER},
    Right.READ_REPORTS: ADMIN | {UserRole.PATHOLOGY_READER},
    Right.AUDIT: ADMIN | {UserRole.OPERATOR, UserRole.MODEL_OWNER},
}
"""The roles that have each right."""


@dataclass(frozen=True)
class Expected:
    """How a route answers whoever may call it on an empty platform, and the form of a change."""

    right: Right
    status: int = 200
    form: Mapping[str, str] = field(default_factory=dict)


Route = tuple[str, str]
"""Method and path, with the names of its parameters."""
ROUTES: Mapping[Route, Expected] = {
    ("GET", "/"): Expected(Right.VIEW),
    ("GET", "/card"): Expected(Right.VIEW),
    ("GET", "/studies/"): Expected(Right.VIEW),
    ("POST", "/studies/find"): Expected(Right.VIEW, 404, {"wanted": "unknown"}),
    ("GET", "/studies/{study_id}"): Expected(Right.VIEW, 404),
    ("GET", "/studies/{study_id}/{name}.png"): Expected(Right.VIEW, 404),
    ("GET", "/studies/{study_id}/series/{series_id}.zip"): Expected(Right.REVIEW, 404),
    ("GET", "/studies/{study_id}/outline.nii.gz"): Expected(Right.REVIEW, 404),
    ("POST", "/studies/{study_id}/outline"): Expected(Right.REVIEW, 422),
    ("POST", "/studies/{study_id}/withdraw-outline"): Expected(
        Right.REVIEW, 409, {"sha256": "0" * 64, "reason": "a slip"}
    ),
    ("POST", "/studies/{study_id}/exclude"): Expected(Right.REVIEW, 409, {"fault": "motion", "reason": "ghosts"}),
    ("POST", "/studies/{study_id}/take-in"): Expected(Right.REVIEW, 409, {"reason": "a slip"}),
    ("POST", "/studies/{study_id}/disagree"): Expected(
        Right.REVIEW, 409, {"patch": "unknown", "model": "unknown", "reason": "the rim is thick"}
    ),
    ("GET", "/sheets/"): Expected(Right.VIEW),
    ("GET", "/outlines/{study_id}.png"): Expected(Right.VIEW, 404),
    ("GET", "/cohort/"): Expected(Right.VIEW),
    ("GET", "/cohort/patients"): Expected(Right.VIEW),
    ("GET", "/cohort/labels/{study_id}"): Expected(Right.VIEW),
    ("GET", "/review/"): Expected(Right.VIEW),
    ("GET", "/review/{review_id}"): Expected(Right.VIEW, 404),
    ("GET", "/review/{review_id}/picture.png"): Expected(Right.VIEW, 404),
    ("POST", "/review/{review_id}/answer"): Expected(Right.REVIEW, 409, {"shown": "0" * 16, "option": "accept"}),
    ("POST", "/review/{review_id}/texts"): Expected(Right.READ_REPORTS, 404),
    ("POST", "/review/{review_id}/reopen"): Expected(Right.REVIEW, 409, {"reason": "a slip"}),
    ("POST", "/review/{review_id}/rule"): Expected(Right.REVIEW, 409),
    ("GET", "/rules/"): Expected(Right.VIEW),
    ("GET", "/rules/{rule_id}"): Expected(Right.VIEW, 404),
    ("POST", "/rules/{rule_id}/activate"): Expected(Right.OPERATE, 409, {"shown": "0" * 16}),
    ("POST", "/rules/{rule_id}/retire"): Expected(Right.OPERATE, 409, {"reason": "a slip"}),
    ("POST", "/rules/{rule_id}/past"): Expected(Right.OPERATE, 409, {"state": "active"}),
    ("GET", "/models/"): Expected(Right.VIEW),
    ("GET", "/models/progress"): Expected(Right.VIEW),
    ("GET", "/models/runs/{run_id}"): Expected(Right.VIEW, 404),
    ("GET", "/models/runs/{run_id}/report.html"): Expected(Right.VIEW, 404),
    ("GET", "/models/runs/{run_id}/{figure}.svg"): Expected(Right.VIEW, 404),
    ("POST", "/models/approve"): Expected(
        Right.APPROVE, 409, {"dag_run": "unknown", "shown": "unknown", "decision": "none"}
    ),
    ("POST", "/models/rollback"): Expected(
        Right.APPROVE, 409, {"sequence": "ADC", "champion": "unknown", "reason": "misses mutants"}
    ),
    ("POST", "/models/withdraw"): Expected(
        Right.APPROVE, 409, {"sequence": "ADC", "champion": "unknown", "reason": "misses mutants"}
    ),
    ("GET", "/held/"): Expected(Right.VIEW),
    ("GET", "/held/tried"): Expected(Right.VIEW),
    ("POST", "/held/readmit-code"): Expected(Right.OPERATE, 409, {"code": "E_DECODE"}),
    ("POST", "/held/readmit"): Expected(Right.OPERATE, 303, {"subject": "unknown"}),
    ("POST", "/held/retry"): Expected(Right.OPERATE, 409, {"work": "prepare unknown"}),
    ("POST", "/held/retry-all"): Expected(Right.OPERATE, 409),
    ("GET", "/plan/"): Expected(Right.VIEW),
    ("POST", "/plan/start"): Expected(Right.OPERATE, 409, {"scope": "all", "version": "unknown"}),
    ("POST", "/plan/stop"): Expected(Right.OPERATE, 409),
    ("GET", "/sources/"): Expected(Right.VIEW),
    ("POST", "/sources/test"): Expected(Right.OPERATE, 422, {"source": "unknown"}),
    ("GET", "/audit/"): Expected(Right.AUDIT),
    ("GET", "/audit/events.csv"): Expected(Right.AUDIT),
    ("GET", "/audit/events.fhir.json"): Expected(Right.AUDIT),
}
"""Every route of the pages. A new route is entered here, or the tests name it."""
FILES = (".png", ".zip", ".gz", ".csv", ".json", ".html", ".svg")
READ = [path for method, path in ROUTES if method == "GET" and not path.endswith(FILES)]
"""The pages, without files."""
CHANGES = {path: expected for (method, path), expected in ROUTES.items() if method == "POST"}
"""What the pages change."""
PARAMETERS = {
    "study_id": "0" * 24, "series_id": "0" * 24, "run_id": "0" * 24, "review_id": "0" * 32, "name": "sheet",
    "figure": "roc", "rule_id": "9999",
}  # fmt: skip

RUN = "/api/v2/dags/{dag}/dagRuns"
ANSWER = "/api/v2/dags/{dag}/dagRuns/r/taskInstances/t/-1/hitlDetails"
AIRFLOW: Mapping[Route, frozenset[UserRole]] = {
    ("GET", "/api/v2/dags"): EVERYONE,
    ("GET", "/api/v2/plugins"): EVERYONE,
    ("GET", RUN.format(dag="ingest_studies")): EVERYONE,
    ("POST", RUN.format(dag="ingest_studies")): ADMIN | {UserRole.OPERATOR},
    ("POST", RUN.format(dag="retrain_models")): ADMIN | {UserRole.MODEL_OWNER},
    ("POST", RUN.format(dag="review_cases")): ADMIN,
    ("PATCH", ANSWER.format(dag="review_cases")): ADMIN | {UserRole.REVIEWER},
    ("PATCH", ANSWER.format(dag="retrain_models")): ADMIN | {UserRole.MODEL_OWNER},
    ("POST", "/api/v2/dags/preprocess_studies/clearTaskInstances"): ADMIN | {UserRole.OPERATOR},
    ("POST", "/api/v2/dags/retrain_models/clearTaskInstances"): ADMIN | {UserRole.MODEL_OWNER},
    ("POST", "/api/v2/dags/review_cases/clearTaskInstances"): ADMIN,
    ("DELETE", "/api/v2/dags/ingest_studies"): ADMIN,
    ("GET", "/api/v2/connections"): ADMIN,
    ("GET", "/api/v2/variables"): ADMIN,
    ("POST", "/api/v2/pools"): ADMIN,
}
"""Routes of Airflow by which a page could be circumvented."""


def routes() -> Iterator[tuple[Route, APIRoute]]:
    """Yield the routes that the application has, by method and path."""
    for route in pages.routes:
        if isinstance(route, APIRoute):
            yield from (((method, route.path), route) for method in sorted(route.methods))


def rights_of(route: APIRoute) -> set[Right]:
    """Return the rights that a route asks for."""
    asked = {needed.call for needed in route.dependant.dependencies}
    return {right for right in Right if right.check in asked}


def address(path: str, parameters: Mapping[str, str] = PARAMETERS) -> str:
    """Return the path of a page with its parameters filled in."""
    return MOUNT + path.format_map(parameters)
