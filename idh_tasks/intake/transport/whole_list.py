"""Lists all studies of a period by a PACS that lists only so many at once: what is too much is asked in parts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from idh_tasks.codes import Code
from idh_tasks.errors import TransientError
from idh_tasks.intake.transport.listing import PacsStudy, unique_studies
from idh_tasks.intake.transport.questions import Question

MOST_QUESTIONS = 1000
"""Questions about one day."""
MOST_OPEN = 10
"""Parts of one day that may stay open before it is not divided further: then the PACS does not match by the parts."""
MOST_REFUSED = 3
"""Days of which nothing is listed before the PACS is left alone."""
NAMED = 3


@dataclass(frozen=True)
class Answer:
    """What a PACS lists for a question, and whether that is all."""

    studies: list[PacsStudy]
    is_whole: bool


Ask = Callable[[Question], Answer]


class PartlyListedError(TransientError):
    """The PACS does not list all studies of a period, whatever part of it is asked for.

    Parameters
    ----------
    studies
        Those that it lists.
    """

    def __init__(self, code: Code, reason: str, studies: Iterable[PacsStudy] = ()) -> None:
        super().__init__(code, reason)
        self.studies = list(studies)


def list_whole(ask: Ask, question: Question) -> list[PacsStudy]:
    """Return all studies that a question asks for, each once.

    Raises
    ------
    PartlyListedError
        ``E_QUERY_TRUNCATED``, with all studies that are listed, if a part cannot be listed and not be divided.
    TransientError
        ``E_QUERY_TRUNCATED`` if the PACS lists nothing although it says that there is something.
    """
    listing = _Listing(ask)
    studies = unique_studies(listing.period(question))
    if listing.left_open and not studies:
        raise listing.refusal(question)
    if listing.left_open:
        raise PartlyListedError(Code.E_QUERY_TRUNCATED, _named(listing.left_open), studies)
    return studies


def _named(left_open: list[Question]) -> str:
    words = list(dict.fromkeys(one.words for one in left_open))
    more = f" and {len(words) - NAMED} more parts" if len(words) > NAMED else ""
    return f"the PACS does not list all studies of {'; '.join(words[:NAMED])}{more}; all others are listed"


@dataclass
class _Day:
    """What was asked about one day so far, and the parts that stay open."""

    ask: Ask
    questions: int = 0
    left_open: list[Question] = field(default_factory=list)

    def studies(self, question: Question) -> dict[str, PacsStudy]:
        return self._resolved(question, self._answer(question))

    def _answer(self, question: Question) -> Answer | None:
        """Return the answer, or None if the day has cost enough."""
        if self.questions >= MOST_QUESTIONS or len(self.left_open) >= MOST_OPEN:
            return None
        self.questions += 1
        return self.ask(question)

    def _resolved(self, question: Question, answer: Answer | None) -> dict[str, PacsStudy]:
        """Return what an answer lists, with what its parts list if it is not whole."""
        listed = {study.study_uid: study for study in answer.studies} if answer else {}
        if answer and answer.is_whole:
            return listed
        found = self._divided(question, listed) if answer else {}
        # What the PACS showed of the whole must be among its parts, or they do not cover it.
        if not (found and listed.keys() <= found.keys()):
            self.left_open.append(question)
        return listed | found

    def _divided(self, question: Question, listed: dict[str, PacsStudy]) -> dict[str, PacsStudy]:
        found: dict[str, PacsStudy] = {}
        for parts in question.divisions():
            answers = [self._answer(part) for part in parts]
            if listed and all(_repeats(listed, answer) for answer in answers):
                continue  # the PACS does not match by what tells the parts apart
            if not listed and question.is_of_one_minute and all(_repeats(listed, answer) for answer in answers):
                self.questions = MOST_QUESTIONS  # it refuses every question, however small, and is left alone
            for part, answer in zip(parts, answers, strict=True):
                found |= self._resolved(part, answer)
            if found and listed.keys() <= found.keys():
                break
        return found


def _repeats(listed: dict[str, PacsStudy], answer: Answer | None) -> bool:
    return answer is not None and not answer.is_whole and {one.study_uid for one in answer.studies} == listed.keys()


@dataclass
class _Listing:
    ask: Ask
    left_open: list[Question] = field(default_factory=list)
    refused: int = 0

    def period(self, question: Question) -> list[PacsStudy]:
        if question.is_of_one_day:
            return self._day(question)
        answer = self.ask(question)
        if answer.is_whole:
            return answer.studies
        [parts] = question.divisions()
        return [study for part in reversed(parts) for study in self.period(part)]

    def _day(self, question: Question) -> list[PacsStudy]:
        day = _Day(self.ask)
        studies = list(day.studies(question).values())
        self.refused += bool(day.left_open and not studies)
        if self.refused >= MOST_REFUSED:
            raise self.refusal(question)
        self.left_open += [question] if day.left_open and not studies else day.left_open
        return studies

    @staticmethod
    def refusal(question: Question) -> TransientError:
        reason = f"the PACS does not list any study of {question.words}, and says that there are too many"
        return TransientError(Code.E_QUERY_TRUNCATED, reason)
