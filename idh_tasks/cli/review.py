"""`idh linkage review`: the questions that wait for a person."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.cli.reason import Reason
from idh_tasks.codes import Code
from idh_tasks.domain.role import Role
from idh_tasks.errors import RunRefusedError

if TYPE_CHECKING:
    from idh_tasks.db.reviews import Review

review = typer.Typer(no_args_is_help=True, help="Questions that wait for a person in the Airflow UI.")


@review.command("list")
def list_questions(
    everything: Annotated[bool, typer.Option("--all", help="Include answered and settled ones.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the open questions."""
    from idh_tasks.pipelines.review.questions import list_reviews

    listed = list_reviews(platform.open_platform(Role.MONITOR), everything=everything)
    output.show_each(listed, as_json, _line, head=_columns("question", "kind", "subject", "state"))


def _line(question: "Review") -> str:
    state = question.answer or ("settled" if question.moot else "open")
    return _columns(question.review_id, question.kind, question.subject, state)


def _columns(review_id: str, kind: str, subject: str, state: str) -> str:
    return f"{review_id:16}  {kind:18} {subject:16}  {state}"


@review.command("show")
def show_question(
    review_id: Annotated[str, typer.Argument(help="As `idh linkage review list` prints it.")], as_json: AsJson = False
) -> None:
    """Show one question as the reviewer sees it, with its answer if there is one."""
    output.show_each(_known(review_id), as_json, _page)


def _known(review_id: str) -> "list[Review]":
    from idh_tasks.pipelines.review.questions import list_reviews

    found = list_reviews(platform.open_platform(Role.MONITOR), review_id)
    if not found:
        raise RunRefusedError(Code.E_NO_ENTRY, "there is no question with this id")
    return found


@review.command("reopen")
def reopen(
    review_id: Annotated[str, typer.Argument(help="As `idh linkage review list --all` prints it.")],
    reason: Reason,
) -> None:
    """Take an answer back; what followed from it ends, and the next link run has the question asked again."""
    from idh_tasks.pipelines.review.reopening import reopen

    _known(review_id)
    answer = reopen(platform.open_platform(Role.PAGES), review_id, getpass.getuser(), reason)
    output.say(f"taken back: {answer}; link_pathology derives the labels anew, and has the question asked again")


def _page(question: "Review") -> str:
    from idh_tasks.pipelines.review.questions import page_of

    shown = page_of(question)
    paragraphs = [shown.title, "", shown.body, ""]
    paragraphs.append(f"options: {', '.join(question.options)}")
    if question.answer:
        paragraphs.append(f"answered: {question.answer}, by {question.answered_by} at {question.answered_at}")
    return "\n".join(paragraphs)
