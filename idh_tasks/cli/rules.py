"""`idh intake rules`: local rules about names of series."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.cli.reason import Reason
from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.domain.series_rule import RuleState
from idh_tasks.errors import RunRefusedError

if TYPE_CHECKING:
    from idh_tasks.db.series_rules import RuleOnRecord
    from idh_tasks.pipelines.review.series_rules import AffectedSeries, Preview

rules = typer.Typer(no_args_is_help=True, help="Local rules: a reviewer's answer for all series of a protocol.")

Rule = Annotated[int, typer.Argument(metavar="RULE", help="As `idh intake rules list` prints it.", min=1)]


@rules.command("list")
def list_rules(as_json: AsJson = False) -> None:
    """List all rules, the latest first."""
    from idh_tasks.pipelines.review import series_rules

    head = _columns("rule", "state", "sequence", "named", "doubt")
    output.show_each(series_rules.rules(platform.open_platform(Role.PAGES)), as_json, _line, head=head)


def _line(rule: "RuleOnRecord") -> str:
    return _columns(str(rule.rule_id), rule.state, rule.sequence, str(rule.series_named), rule.doubt)


def _columns(rule: str, state: str, sequence: str, named: str, doubt: str) -> str:
    return f"{rule:6}  {state:8}  {sequence:8}  {named:6}  {doubt}"


@rules.command("propose")
def propose(
    review_id: Annotated[str, typer.Argument(metavar="QUESTION", help="An answered question about a series.")],
) -> None:
    """Make a rule of the answer to a question; it names nothing until it is activated."""
    from idh_tasks.pipelines.review import series_rules

    made = series_rules.propose(platform.open_platform(Role.PAGES), review_id, getpass.getuser())
    output.say(f"rule {made} is proposed; look at it with: idh intake rules preview {made}")


@rules.command("preview")
def preview(rule: Rule, as_json: AsJson = False) -> None:
    """List what a rule does, or would do, to each past series of its protocol."""
    seen = _seen(rule)
    output.show_each(seen.affected, as_json, _affected, head="study  series  named now  confidence  this rule")
    if not as_json:
        counts = ", ".join(f"{count} {effect}" for effect, count in seen.counts.items()) or "no series of its protocol"
        output.say(f"{counts}; shown: {seen.digest}")


def _seen(rule: int) -> "Preview":
    from idh_tasks.pipelines.review import series_rules

    found = series_rules.preview(platform.open_platform(Role.PAGES), rule)
    if found is None:
        raise RunRefusedError(Code.E_NO_ENTRY, "there is no rule with this number")
    return found


def _affected(one: "AffectedSeries") -> str:
    series = one.series
    return f"{series.study_id}  {series.series_id}  {series.sequence}  {series.confidence}  {one.effect}"


@rules.command("activate")
def activate(
    rule: Rule,
    shown: Annotated[str, typer.Option(help="What the preview ends with: the rule counts for nothing else.")],
) -> None:
    """Let a rule name the series that arrive from now on."""
    from idh_tasks.pipelines.review import series_rules

    series_rules.activate(platform.open_platform(Role.PAGES), rule, shown, getpass.getuser())
    output.say(f"rule {rule} is active; past series keep their names until: idh intake rules past {rule}")


@rules.command("retire")
def retire(rule: Rule, reason: Reason) -> None:
    """End a rule; what it has named keeps its name until it is taken back."""
    from idh_tasks.pipelines.review import series_rules

    series_rules.retire(platform.open_platform(Role.PAGES), rule, reason, getpass.getuser())
    output.say(f"rule {rule} is retired; its names are taken back with: idh intake rules past {rule}")


@rules.command("past")
def past(rule: Rule) -> None:
    """Name past series by an active rule, or take back the names that a retired one has given."""
    from idh_tasks.pipelines.review import series_rules

    state = _seen(rule).rule.state
    done = series_rules.decide_past(platform.open_platform(Role.PAGES), rule, state, getpass.getuser())
    words = "named" if state is RuleState.ACTIVE else "no longer named by the rule"
    output.say(f"{done} series are {words}; preprocess_studies prepares their studies again")
