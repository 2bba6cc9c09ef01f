"""What the header of a series states about a contrast agent: its attributes must agree (PS3.3 C.7.6.4, C.7.6.4b)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom import Dataset

from idh_tasks.intake.naming.agent_text import AgentText, is_intravenous, read_agent_text

SHORTENS_T1 = "GADOLINIUM"
"""The only Contrast/Bolus Ingredient of MR (PS3.3 C.7.6.4); the others are for other modalities or organs."""
GIVEN_BY_PHASE = {"PRE_CONTRAST": False, "POST_CONTRAST": True}
"""Contrast/Bolus Agent Phase of the frames of an enhanced image (PS3.3 C.7.6.16.2.12)."""
LARGEST_DOSE_ML = 100.0
UNCLEAR = "the header names a contrast agent that is not understood"
CONTRADICTORY = "the header states a contrast agent and denies it"
UNEQUAL = "images of the series disagree about the contrast agent"


@dataclass(frozen=True)
class Agent:
    """Whether an agent was given, None if that is not stated or not certain; `doubt` says why, in words."""

    given: bool | None = None
    doubt: str = ""


def read_agent(instances: Sequence[Dataset]) -> Agent:
    """Return what all images of a series state; those that state nothing do not count."""
    stated = {_stated(ds) for ds in instances} - {Agent()}
    if len(stated) == 1:
        return stated.pop()
    return Agent(True if Agent(True) in stated else None, UNEQUAL) if stated else Agent()


def _stated(ds: Dataset) -> Agent:
    """Return what one instance states; its frames say whether an agent that it names was given."""
    used = set(_usage(ds))
    statements = used or set(_statements(ds))
    doubts = sorted(one.doubt for one in statements if one.doubt)
    if doubts:
        return Agent(None, doubts[0])
    given = {one.given for one in statements} - {None}
    if len(given) > 1:
        return Agent(True, UNEQUAL) if used else Agent(None, CONTRADICTORY)
    return Agent(given.pop()) if given else Agent()


def _usage(ds: Dataset) -> Iterator[Agent]:
    groups = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    for frame in (frame for keyword in groups for frame in ds.get(keyword) or ()):
        for item in frame.get("ContrastBolusUsageSequence") or ():
            stated = {"YES": True, "NO": False}.get(_text(item, "ContrastBolusAgentAdministered").upper())
            phase = GIVEN_BY_PHASE.get(_text(item, "ContrastBolusAgentPhase").upper())
            if None not in (stated, phase) and stated is not phase:
                yield Agent(None, CONTRADICTORY)
            yield Agent(stated if phase is None else phase)


def _statements(ds: Dataset) -> Iterator[Agent]:
    yield _by_text(_text(ds, "ContrastBolusAgent"))
    for item in ds.get("ContrastBolusAgentSequence") or ():
        yield _by_text(_text(item, "CodeMeaning") or "unnamed")
        yield from map(_by_amount, _texts(item, "ContrastBolusVolume"))
    yield from map(_by_ingredient, _texts(ds, "ContrastBolusIngredient"))
    for keyword in ("ContrastBolusVolume", "ContrastBolusTotalDose"):
        yield from map(_by_amount, _texts(ds, keyword))
    if not is_intravenous(_text(ds, "ContrastBolusRoute")):
        yield Agent(None, "the header states a route of the contrast agent that is not intravenous")


def _by_text(text: str) -> Agent:
    answer = read_agent_text(text)
    if answer is AgentText.NOT_UNDERSTOOD:
        return Agent(None, UNCLEAR)
    return Agent({AgentText.GIVEN: True, AgentText.DENIED: False}.get(answer))


def _by_ingredient(text: str) -> Agent:
    return Agent(True) if text.upper() == SHORTENS_T1 else Agent(None, UNCLEAR)


def _by_amount(text: str) -> Agent:
    try:
        amount = float(text)
    except ValueError:
        return Agent(None, UNCLEAR)
    if not 0 <= amount <= LARGEST_DOSE_ML:
        return Agent(None, "the header states an impossible dose of the contrast agent")
    return Agent(amount > 0)


def _text(ds: Dataset, keyword: str) -> str:
    return " ".join(_texts(ds, keyword))


def _texts(ds: Dataset, keyword: str) -> tuple[str, ...]:
    """Return the values of an attribute that are not empty."""
    value = ds.get(keyword)
    values = (value,) if isinstance(value, str) or not isinstance(value, Sequence) else value
    return tuple(str(one).strip() for one in values if one is not None and str(one).strip())
