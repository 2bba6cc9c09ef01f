"""Decides by the other series of a study whether a 3D T1 without a stated agent was acquired after contrast.

A bolus was given before a series if the perfusion series, an image after contrast or the stated time of the bolus
precedes it; it was given later if one of them follows, or if an equal 3D T1 follows that states an agent. The answer
depends on the set of series only, not on their order, so that deliveries in parts end as one delivery does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence
from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.acquisition import Acquisition

ANY_T1 = frozenset({MrSequence.T1, MrSequence.MPRAGE, MrSequence.T1C})
BY_THE_STUDY = "; by the study: "
DYNAMIC = 8
"""So many 3D T1 series with one timing are the phases of a dynamic examination, stored one by one."""


@dataclass(frozen=True)
class StudySeries:
    """One series of a study: what it was identified as by itself or earlier, and when and how it was acquired."""

    identification: Identification
    acquisition: Acquisition


def decide(series: Sequence[StudySeries]) -> list[Identification]:
    """Return the identification of each series of a study, in order.

    An OPEN series becomes T1, MPRAGE or T1C with high confidence where the study shows the time of the bolus. It gets
    low confidence where the study contradicts itself, or holds an equal OPEN series and no sign of a bolus. Any other
    T1 gets low confidence where the times of the study contradict what it states, or that it states nothing.
    """
    return [_decided(one, [other for other in series if other is not one]) for one in series]


def _decided(one: StudySeries, others: Sequence[StudySeries]) -> Identification:
    if one.identification.contrast is Contrast.OPEN:
        return _settled(one, others)
    doubt = _phases(one, others) or _contradiction(one, others)
    return _concluded(one, one.identification.sequence, Confidence.LOW, doubt) if doubt else one.identification


def _settled(one: StudySeries, others: Sequence[StudySeries]) -> Identification:
    if doubt := _phases(one, others):
        return _concluded(one, MrSequence.T1, Confidence.LOW, doubt)
    after, before = next(_signs_after(one, others), None), next(_signs_before(one, others), None)
    if after and before:
        return _concluded(one, MrSequence.T1, Confidence.LOW, f"{after}, but {before}")
    if after:
        sequence = MrSequence.MPRAGE if one.acquisition.gradient_echo else MrSequence.T1C
        return _concluded(one, sequence, Confidence.HIGH, f"after contrast, since {after}")
    if before:
        return _concluded(one, MrSequence.T1, Confidence.HIGH, f"before contrast, since {before}")
    if any(_is_open_twin(one, other) for other in others):
        return _concluded(one, MrSequence.T1, Confidence.LOW, "an equal 3D T1, and no sign of when the bolus was given")
    return one.identification


def _phases(one: StudySeries, others: Sequence[StudySeries]) -> str:
    if not (_is_three_d_t1(one) and any(one.acquisition.timing)):
        return ""
    count = 1 + sum(_is_twin(one, other) for other in others)
    return f"one of {count} 3D T1 series with equal timing, as in a dynamic examination" if count >= DYNAMIC else ""


def _signs_after(one: StudySeries, others: Sequence[StudySeries]) -> Iterator[str]:
    bolus = one.acquisition.since_bolus
    if bolus is not None and bolus > 0:
        yield f"it started {_minutes(bolus)} after the stated time of the bolus"
    for other in others:
        if _is_certain(other, Contrast.AFTER) and one.acquisition.follows(other.acquisition):
            yield f"it follows a {other.identification.sequence} after contrast{_gap(one, other)}"
        if _is_perfusion(other) and one.acquisition.follows(other.acquisition):
            yield f"it follows the perfusion series{_gap(one, other)}"


def _signs_before(one: StudySeries, others: Sequence[StudySeries]) -> Iterator[str]:
    bolus = one.acquisition.since_bolus
    if bolus is not None and bolus <= 0:
        yield f"it started {_minutes(bolus)} before the stated time of the bolus"
    for other in others:
        if not other.acquisition.follows(one.acquisition):
            continue
        if _is_perfusion(other):
            yield f"the perfusion series follows it{_gap(one, other)}"
        elif _is_certain(other, Contrast.BEFORE):
            yield f"a {other.identification.sequence} before contrast follows it{_gap(one, other)}"
        elif _is_certain(other, Contrast.AFTER) and _is_twin(one, other):
            yield f"an equal 3D T1 after contrast follows it{_gap(one, other)}"


def _contradiction(one: StudySeries, others: Sequence[StudySeries]) -> str:
    """Return what speaks against the stated contrast of a T1; empty if nothing does."""
    if one.identification.sequence not in ANY_T1 or not _certain_by_itself(one):
        return ""
    if one.identification.contrast is not Contrast.AFTER:
        sign = next(_signs_after(one, others), "")
        return f"it states no agent, but {sign}" if sign else ""
    bolus, perfusion = one.acquisition.since_bolus, [other for other in others if _is_perfusion(other)]
    if bolus is not None and bolus < 0:
        return f"it states an agent, but started {_minutes(bolus)} before the stated time of the bolus"
    if _is_three_d_t1(one) and any(_brackets(one, dsc, other) for dsc in perfusion for other in others):
        return "it states an agent, but the perfusion series follows it, and then an equal 3D T1"
    return ""


def _brackets(one: StudySeries, bolus: StudySeries, other: StudySeries) -> bool:
    return (
        _is_twin(one, other)
        and bolus.acquisition.follows(one.acquisition)
        and other.acquisition.follows(bolus.acquisition)
    )


def _is_certain(series: StudySeries, contrast: Contrast) -> bool:
    identified = series.identification
    return (
        identified.contrast is contrast and _certain_by_itself(series) and identified.sequence is not MrSequence.OTHER
    )


def _certain_by_itself(series: StudySeries) -> bool:
    """Return whether a series was certain before the study cast doubt on it, so that the answer stays the same."""
    return series.identification.confidence is Confidence.HIGH or BY_THE_STUDY in series.identification.evidence


def _is_perfusion(series: StudySeries) -> bool:
    identified = series.identification
    return identified.sequence is MrSequence.DSC and identified.confidence is Confidence.HIGH


def _is_three_d_t1(series: StudySeries) -> bool:
    sequence = series.identification.sequence
    return sequence is MrSequence.MPRAGE or (sequence in ANY_T1 and series.acquisition.three_d)


def _is_twin(one: StudySeries, other: StudySeries) -> bool:
    return _is_three_d_t1(other) and one.acquisition.same_timing(other.acquisition)


def _is_open_twin(one: StudySeries, other: StudySeries) -> bool:
    return other.identification.contrast is Contrast.OPEN and one.acquisition.same_timing(other.acquisition)


def _gap(one: StudySeries, other: StudySeries) -> str:
    seconds = one.acquisition.seconds_after(other.acquisition)
    return "" if seconds is None else f" by {_minutes(seconds)}"


def _minutes(seconds: float) -> str:
    return f"{abs(seconds) / 60:.1f} min"


def _concluded(series: StudySeries, sequence: MrSequence, confidence: Confidence, words: str) -> Identification:
    itself = series.identification.evidence.partition(BY_THE_STUDY)[0]
    evidence = f"{itself}{BY_THE_STUDY}{sequence}, {words}"
    return replace(series.identification, sequence=sequence, confidence=confidence, evidence=evidence)
