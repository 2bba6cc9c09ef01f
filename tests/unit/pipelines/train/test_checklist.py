"""The checklist of a report says whether anybody is in the dataset twice, and how this is known."""

from idh_tasks.db.training import Run, RunState
from idh_tasks.domain.learning import Twins, TwinSearch
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.train.checklist import checklist
from idh_tasks.settings import LearningSettings

RUN = Run("run", "dataset", RunState.FROZEN, LearningSettings().model_dump(mode="json"))


def duplicates(twins: TwinSearch | None) -> str:
    return dict(checklist(RUN, [], "synthetic", twins))["Duplicates"]


def test_a_search_without_a_finding_is_stated() -> None:
    assert duplicates({}).endswith("none were found to have the same image")


def test_a_pair_in_two_sequences_is_one_pair() -> None:
    found = {MrSequence.T1: [Twins("a", "b", 0.8)], MrSequence.FLAIR: [Twins("b", "a", 0.9), Twins("c", "d", 0.7)]}
    assert "same image: 2 (in T1, FLAIR)" in duplicates(found)


def test_a_pair_whom_a_person_has_told_apart_is_stated_and_refuses_nothing() -> None:
    apart = Twins("a", "b", 0.8, "q")
    told = duplicates({MrSequence.T1: [apart], MrSequence.ADC: [apart]})
    assert told.endswith("same image: 1 (in T1, ADC), of whom a person has said before that they are two patients: 1")
    other = duplicates({MrSequence.T1: [apart, Twins("c", "d", 0.7)]})
    assert "two patients: 1; no network was trained" in other


def test_a_run_without_a_search_does_not_claim_that_nobody_is_there_twice() -> None:
    assert duplicates(None) == "it is not on record that patients were compared by their images"
