"""What an observation is called (OBX-3): whatever tells what it is about, and the words that name a test."""

from collections.abc import Sequence

from idh_tasks.linkage.feed.hl7_v2.fields import Segment
from idh_tasks.linkage.feed.observations import ObservationKind, observation_kind
from idh_tasks.linkage.words.methods import Kind, read_method

CODES, TEXTS = (1, 4), (2, 5)
METHODS = (Kind.SEQUENCING, Kind.IMMUNO, Kind.TARGETED)


def full_name(observation: Segment) -> str:
    """Return codes and texts of an observation."""
    return " ".join((*_components(observation, CODES), *_components(observation, TEXTS)))


def method_words(observations: Sequence[Segment]) -> str:
    """Return the words that name a test, with its method (OBX-17).

    A code is a word only where the texts do not say what it tests, or where it states another method than they do.
    """
    texts = " ".join(_components(observations[0], TEXTS))
    codes = _components(observations[0], CODES)
    if observation_kind(texts) is ObservationKind.ASSAY:
        codes = [code for code in codes if read_method(code).kind in METHODS and _differ(code, texts)]
    stated = [value.component(2) or value.component(1) for one in observations for value in one.values(17)]
    return " ".join(filter(None, (*codes, texts, *dict.fromkeys(stated))))


def _components(observation: Segment, numbers: Sequence[int]) -> list[str]:
    name = observation.first(3)
    return list(dict.fromkeys(filter(None, (name.component(number) for number in numbers))))


def _differ(code: str, texts: str) -> bool:
    return read_method(code).kind is not read_method(texts).kind
