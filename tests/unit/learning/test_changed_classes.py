"""Two networks are compared by the classes that they predict for the same patients."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.learning.changed_classes import ChangedClasses, changed_classes

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def scores(values: list[float], fold: int = 0) -> list[HeldOutScore]:
    return [HeldOutScore(f"p{number}", fold, number % 2 == 0, value, value) for number, value in enumerate(values)]


@given(probabilities, probabilities)
def test_only_patients_whom_both_have_scored_are_compared(new: list[float], old: list[float]) -> None:
    found = changed_classes(scores(new), scores(old))
    assert found.compared == min(len(new), len(old))
    assert found.changed == sum((a >= 0.5) != (b >= 0.5) for a, b in zip(new, old, strict=False))
    assert found.relabelled == 0


@given(probabilities)
def test_the_same_network_changes_nothing(values: list[float]) -> None:
    assert changed_classes(scores(values), scores(values)).changed == 0


def test_the_first_network_is_compared_with_none() -> None:
    assert changed_classes(scores([0.3]), []) == ChangedClasses(0, 0, 0)


def test_a_patient_of_several_folds_counts_once_with_the_mean() -> None:
    repeated = [*scores([0.9], fold=0), *scores([0.2], fold=1)]
    assert changed_classes(repeated, scores([0.4])) == ChangedClasses(compared=1, changed=1, relabelled=0)


def test_a_label_that_has_changed_since_is_counted() -> None:
    [old] = scores([0.4])
    assert changed_classes([replace(old, mutant=not old.mutant)], [old]).relabelled == 1
