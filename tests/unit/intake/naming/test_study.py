"""A 3D T1 without a stated agent is decided by the bolus of its study, or asked about."""

from itertools import permutations
from typing import Any

import pytest

from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence
from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.acquisition import read_acquisition
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import identify
from idh_tasks.intake.naming.study import BY_THE_STUDY, StudySeries, decide
from tests.unit.intake.naming.protocols import AGENT, BRAVO, DSC, MPRAGE, T1_SE, T1_SPACE, TFE, VIBE, header


def at(time: str, physics: dict[str, Any] = MPRAGE, name: str = "MPRAGE", **more: Any) -> StudySeries:
    instances = [header(physics, name, AcquisitionTime=time, **more)]
    return StudySeries(identify(read_physics(instances)), read_acquisition(instances))


def answers(*series: StudySeries) -> list[tuple[str, str]]:
    return [(one.sequence.value, one.confidence.value) for one in decide(series)]


T1, MPRAGE_HIGH, ASKED = ("T1", "high"), ("MPRAGE", "high"), ("T1", "low")


@pytest.mark.parametrize("physics", [MPRAGE, BRAVO, TFE])
@pytest.mark.parametrize("name", ["MPRAGE", "", "3D T1"])
def test_of_two_equal_series_the_one_after_the_bolus_is_the_mprage(physics: dict[str, Any], name: str) -> None:
    study = at("100000", physics, name), at("101000", DSC, ""), at("102000", physics, name)
    assert answers(*study) == [T1, ("DSC", "high"), MPRAGE_HIGH]


def test_the_answer_does_not_depend_on_the_order_of_the_series() -> None:
    study = {"before": at("100000"), "bolus": at("101000", DSC, ""), "after": at("102000")}
    for order in permutations(study):
        decided = dict(zip(order, decide([study[key] for key in order]), strict=True))
        assert (decided["before"].sequence, decided["after"].sequence) == (MrSequence.T1, MrSequence.MPRAGE)


def test_a_decided_series_is_decided_alike_when_more_arrives() -> None:
    study = [at("100000"), at("101000", DSC, ""), at("102000")]
    once = decide(study)
    stored = [StudySeries(one, series.acquisition) for one, series in zip(once, study, strict=True)]
    assert decide(stored) == once
    assert decide([*stored, at("103000", T1_SE, "T1 KM")])[:3] == once


def test_parts_of_a_study_end_as_the_whole_does() -> None:
    study = [at("100000"), at("101000", DSC, ""), at("102000")]
    for order in permutations(range(3)):
        stored: list[StudySeries] = []
        for number in order:
            stored.append(study[number])
            decided = decide(stored)
            stored = [StudySeries(one, s.acquisition) for one, s in zip(decided, stored, strict=True)]
        assert [s.identification for s in stored] == [decide(study)[number] for number in order]


def test_without_any_sign_of_a_bolus_two_equal_series_are_asked_about() -> None:
    assert answers(at("100000", name="3D T1"), at("102000", name="3D T1")) == [ASKED, ASKED]
    assert answers(at("100000", name="3D T1"), at("102000", T1_SE, "T1 tra")) == [T1, T1]


@pytest.mark.parametrize("later", [T1_SE, MPRAGE, T1_SPACE])
def test_a_series_after_one_with_a_stated_agent_is_after_contrast(later: dict[str, Any]) -> None:
    decided = decide([at("100000", T1_SE | AGENT, "T1 tra"), at("101000")])
    assert (decided[1].sequence, decided[1].confidence) == (MrSequence.MPRAGE, Confidence.HIGH)
    assert "10.0 min" in decided[1].evidence
    assert answers(at("101000", T1_SPACE, "T1 SPACE"), at("100000", later | AGENT, "T1"))[0] == ("T1C", "high")


def test_a_series_before_a_native_one_is_before_contrast() -> None:
    assert answers(at("100000"), at("101000", T1_SE, "T1 nativ"))[0] == T1


def test_a_series_before_an_equal_one_with_an_agent_is_before_contrast() -> None:
    assert answers(at("100000"), at("103000", name="MPRAGE KM")) == [T1, MPRAGE_HIGH]
    assert answers(at("100000"), at("103000", T1_SE, "T1 KM"))[0] == ASKED, "another protocol shows nothing"


def test_the_stated_time_of_the_bolus_decides() -> None:
    assert answers(at("100000", ContrastBolusStartTime="095000")) == [MPRAGE_HIGH]
    assert answers(at("100000", ContrastBolusStartTime="101000")) == [T1]


def test_the_phases_of_a_dynamic_examination_are_asked_about() -> None:
    phases = [at(f"1000{second:02d}", VIBE | AGENT, "t1_vibe") for second in range(0, 40, 5)]
    assert {confidence for _, confidence in answers(*phases)} == {"low"}
    assert {confidence for _, confidence in answers(*phases[:3])} == {"high"}


def test_signs_that_contradict_one_another_are_asked_about() -> None:
    study = at("100000", T1_SE, "T1 KM"), at("101000"), at("102000", T1_SE, "T1 nativ")
    assert answers(*study)[1] == ASKED


def test_a_stated_agent_that_the_perfusion_series_contradicts_is_asked_about() -> None:
    study = at("100000", MPRAGE | AGENT), at("101000", DSC, ""), at("102000", MPRAGE | AGENT)
    assert answers(*study) == [("MPRAGE", "low"), ("DSC", "high"), MPRAGE_HIGH]
    assert answers(at("101000", DSC, ""), at("102000", name="MPRAGE nativ"))[1] == ASKED


@pytest.mark.parametrize("name", ["T1 tra", "T1 nativ"])
@pytest.mark.parametrize("earlier", [at("101000", DSC, ""), at("101000", T1_SE | AGENT, "T1 tra")])
def test_a_2d_t1_without_an_agent_that_follows_the_bolus_is_asked_about(name: str, earlier: StudySeries) -> None:
    assert answers(earlier, at("102000", T1_SE, name))[1] == ASKED
    assert answers(earlier, at("100000", T1_SE, name))[1] == T1


def test_a_stated_agent_before_the_stated_time_of_the_bolus_is_asked_about() -> None:
    bolus = {"ContrastBolusStartTime": "101000"}
    assert answers(at("100000", T1_SE | AGENT, "T1 tra", **bolus)) == [("T1C", "low")]
    assert answers(at("102000", T1_SE | AGENT, "T1 tra", **bolus)) == [("T1C", "high")]
    assert answers(at("102000", T1_SE, "T1 nativ", **bolus)) == [ASKED]


def test_a_doubt_of_the_study_does_not_change_what_the_series_shows_about_others() -> None:
    study = [at("100000", T1_SE | AGENT, "T1 tra", ContrastBolusStartTime="101000"), at("103000")]
    once = decide(study)
    assert decide([StudySeries(one, s.acquisition) for one, s in zip(once, study, strict=True)]) == once


def test_a_name_of_both_is_decided_by_the_study() -> None:
    both = "T1 3D mit und ohne KM"
    assert answers(at("100000", name=both)) == [ASKED]
    assert answers(at("100000", name=both), at("101000", DSC, ""), at("102000", name=both)) == [
        T1, ("DSC", "high"), MPRAGE_HIGH,
    ]  # fmt: skip


@pytest.mark.parametrize("time", ["", "000000", "1x0000"])
def test_without_times_nothing_is_concluded_from_the_order(time: str) -> None:
    assert answers(at(time), at("101000", DSC, ""), at(time)) == [ASKED, ("DSC", "high"), ASKED]


def test_the_hours_around_midnight_show_no_order() -> None:
    assert answers(at("235000"), at("000500", DSC, ""))[0] == ASKED


def test_times_of_enhanced_images_are_read_from_the_moment_of_acquisition() -> None:
    moment = header(MPRAGE, "MPRAGE", AcquisitionDateTime="20200102103015.5")
    assert read_acquisition([moment]).start == 10 * 3600 + 30 * 60 + 15


def test_a_low_answer_for_another_reason_stays_low() -> None:
    unclear = at("102000", MPRAGE, "T2 tra")
    assert answers(at("101000", DSC, ""), unclear)[1] == (unclear.identification.sequence.value, "low")


def test_the_evidence_says_what_the_study_shows() -> None:
    decided: Identification = decide([at("101000", DSC, ""), at("102000")])[1]
    assert decided.evidence.endswith(
        f"{BY_THE_STUDY}MPRAGE, after contrast, since it follows a DSC after contrast by 10.0 min"
    )
    assert decided.contrast is Contrast.OPEN
