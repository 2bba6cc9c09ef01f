"""Local rules about names of series: what each would do, and its activation and end."""

from typing import Annotated, Literal

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from idh_airflow.assets import JUDGEMENTS
from idh_airflow.ui.parameters import Reason
from idh_airflow.ui.refusal import refused_as_conflict
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.wake import changed
from idh_tasks.domain.role import Role
from idh_tasks.domain.series_rule import RuleState

router = APIRouter(prefix="/rules", dependencies=[Right.VIEW.dependency])

RuleId = Annotated[int, Path(ge=1, le=2**31 - 1)]
MOST_SHOWN = 200


@router.get("/")
def page(request: Request) -> HTMLResponse:
    """Return all local rules, the latest first."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import series_rules

    return render(request, "rules.html.j2", rules=series_rules.rules(platform(Role.PAGES)))


@router.get("/{rule_id}")
def one(request: Request, rule_id: RuleId) -> HTMLResponse:
    """Return one rule, with what it does or would do to past series."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import series_rules

    found = series_rules.preview(platform(Role.PAGES), rule_id)
    if found is None:
        raise HTTPException(404, "there is no such rule")
    return render(request, "rule.html.j2", found=found, rule=found.rule, most_shown=MOST_SHOWN)


@router.post("/{rule_id}/activate", dependencies=[Right.OPERATE.dependency])
def activate(
    request: Request, user: GetUserDep, rule_id: RuleId, shown: Annotated[str, Form(pattern="^[0-9a-f]{16}$")]
) -> RedirectResponse:
    """Let a rule name the series that arrive from now on."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import series_rules

    with refused_as_conflict():
        series_rules.activate(platform(Role.PAGES), rule_id, shown, user.get_name())
    return _back(request, rule_id)


@router.post("/{rule_id}/retire", dependencies=[Right.OPERATE.dependency])
def retire(request: Request, user: GetUserDep, rule_id: RuleId, reason: Reason) -> RedirectResponse:
    """End a rule."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import series_rules

    with refused_as_conflict():
        series_rules.retire(platform(Role.PAGES), rule_id, reason, user.get_name())
    return _back(request, rule_id)


@router.post("/{rule_id}/past", dependencies=[Right.OPERATE.dependency])
def past(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    rule_id: RuleId,
    state: Annotated[Literal[RuleState.ACTIVE, RuleState.RETIRED], Form()],
) -> RedirectResponse:
    """Name past series by an active rule, or take back the names of a retired one, and have all that follows made."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import series_rules

    with refused_as_conflict():
        series_rules.decide_past(platform(Role.PAGES), rule_id, state, user.get_name())
    changed(session, JUDGEMENTS, rule=rule_id)
    return _back(request, rule_id)


def _back(request: Request, rule_id: int) -> RedirectResponse:
    return RedirectResponse(f"{request.scope['root_path']}/rules/{rule_id}", 303)
