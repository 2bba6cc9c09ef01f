"""`idh linkage review`: the questions that wait for a person."""

from typing import TYPE_CHECKING, Annotated

import typer

from idh_tasks.cli import output, platform
from idh_tasks.cli.output import AsJson
from idh_tasks.domain.role import Role

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

    output.show_each(list_reviews(platform.open_platform(Role.MONITOR), everything=everything), as_json, _line)


def _line(question: "Review") -> str:
    state = question.answer or ("settled" if question.moot else "open")
    return f"{question.review_id}  {question.kind:18} {question.subject}  {state}"


@review.command("show")
def show_question(
    review_id: Annotated[str, typer.Argument(help="As `idh linkage review list` prints it.")], as_json: AsJson = False
) -> None:
    """Show one question as the reviewer sees it, with its answer if there is one."""
    from idh_tasks.pipelines.review.questions import list_reviews

    output.show_each(list_reviews(platform.open_platform(Role.MONITOR), review_id), as_json, _page)


def _page(question: "Review") -> str:
    from idh_tasks.pipelines.review.questions import page_of

    shown = page_of(question)
    paragraphs = [shown.title, "", shown.body, ""]
    paragraphs.append(f"options: {', '.join(question.options)}")
    if question.answer:
        paragraphs.append(f"answered: {question.answer}, by {question.answered_by} at {question.answered_at}")
    return "\n".join(paragraphs)
