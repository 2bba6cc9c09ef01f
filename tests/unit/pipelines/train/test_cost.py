"""The cost of a training in minutes is that of the last ones, by patients and epochs, or is said to be unknown."""

from collections.abc import Mapping

import pytest

from idh_tasks.db.results import Pace
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.pipelines.train.cost import minutes, networks, seconds
from idh_tasks.settings import LearningSettings

ONCE = LearningSettings(repetitions=1)
THRICE = LearningSettings(repetitions=3)
PAPER = dict.fromkeys(MODEL_SEQUENCES, 100)


def pace(settings: LearningSettings, patients: int = 100, needed: float = 60.0, device: str = "CPU") -> Pace:
    return Pace(patients, needed, device, settings.model_dump(mode="json"))


def taken(paces: list[Pace], settings: LearningSettings, patients: Mapping[MrSequence, int]) -> float:
    """Return the seconds that a training is expected to take."""
    expected = seconds(paces, settings, patients)
    assert expected is not None
    return expected[0]


def test_without_an_earlier_training_the_cost_is_unknown() -> None:
    assert seconds([], THRICE, PAPER) is None


def test_a_training_whose_patients_have_all_withdrawn_says_nothing_about_the_pace() -> None:
    assert seconds([pace(ONCE, patients=0)], ONCE, PAPER) is None
    assert taken([pace(ONCE, patients=0), pace(ONCE)], ONCE, PAPER) == pytest.approx(360)


def test_six_sequences_of_the_same_size_take_six_times_as_long() -> None:
    assert taken([pace(ONCE)], ONCE, PAPER) == pytest.approx(360)


def test_three_repetitions_train_two_and_a_half_times_as_long_since_there_is_one_final_network() -> None:
    """Five folds learn from 80 of 100 patients and the final network from all: 5 x 80 + 100, or 15 x 80 + 100."""
    assert taken([pace(ONCE)], THRICE, {MrSequence.T1: 100}) == pytest.approx(60 * 1300 / 500)


def test_time_grows_with_patients_and_epochs() -> None:
    few, half = pace(ONCE, patients=50), pace(LearningSettings(repetitions=1, epochs=250))
    for measured in (few, half):
        assert taken([measured], ONCE, {MrSequence.T1: 100}) == pytest.approx(120)


def test_a_resumed_training_that_seems_fast_does_not_decide() -> None:
    paces = [pace(ONCE, needed=5, device="GPU"), pace(ONCE, needed=60), pace(ONCE, needed=66)]
    assert seconds(paces, ONCE, {MrSequence.T1: 100}) == (60, "CPU and GPU")


def test_the_networks_are_counted() -> None:
    assert networks(THRICE, 6).startswith("96 networks of 500 epochs (sequences: 6, repetitions: 3, folds: 5")
    assert networks(ONCE, 1).startswith("6 networks of 500 epochs (sequences: 1, repetitions: 1, folds: 5")


@pytest.mark.parametrize(
    ("needed", "said"), [(20, "less than a minute"), (61, "1 minute"), (91, "2 minutes"), (1140, "19 minutes")]
)
def test_minutes_are_whole(needed: float, said: str) -> None:
    assert minutes(needed) == said
