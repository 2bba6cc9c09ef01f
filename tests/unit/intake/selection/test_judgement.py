"""Studies and series: limits, stations, what the series tell, and which of them are retrieved."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from idh_tasks.domain.words import Choice
from idh_tasks.intake.selection.filters import filters
from idh_tasks.intake.selection.series import wanted_series
from idh_tasks.intake.selection.studies import judge_series, judge_study
from idh_tasks.intake.selection.verdict import Verdict
from idh_tasks.intake.transport.listing import PacsSeries, PacsStudy
from idh_tasks.settings import IntakeSettings

SHIPPED = filters(IntakeSettings())
OTHER = "not told by its texts"


def study(description: str = "", **stated: object) -> PacsStudy:
    return PacsStudy("1.2", "20200301", 100, description=description, **stated)  # type: ignore[arg-type]


def series(*descriptions: str, **stated: str) -> list[PacsSeries]:
    modality = stated.pop("modality", "MR")
    return [PacsSeries(f"1.{n}", modality, text, **stated) for n, text in enumerate(descriptions)]  # type: ignore[arg-type]


def final(description: str, listed: Sequence[PacsSeries]) -> tuple[str, str]:
    verdict = judge_series(study(description), listed, SHIPPED)
    return verdict.choice.value, verdict.reason


def retrieved(listed: Sequence[PacsSeries]) -> list[str]:
    wanted = wanted_series(listed, SHIPPED)
    return [one.description for one in listed if one.series_uid in wanted]


def judged(one: PacsStudy, **settings: object) -> Verdict:
    return judge_study(one, filters(IntakeSettings(**settings)))


def test_dates_and_ages_outside_the_limits_are_not_picked_up() -> None:
    born = study("Brain", birth_date="20100101")
    assert judged(born, min_age=18).reason == "age"
    assert judged(born, max_age=10).choice is Choice.INCLUDE
    assert judged(born, max_age=9).reason == "age"
    assert judged(born, earliest=date(2021, 1, 1)).reason == "date"
    assert judged(born, latest=date(2020, 2, 29)).reason == "date"


def test_what_is_not_stated_excludes_nothing() -> None:
    assert judged(study("Brain"), min_age=18).choice is Choice.INCLUDE
    undated = PacsStudy("1.2", "", 100, description="Brain")
    assert judged(undated, earliest=date(2021, 1, 1), max_age=90).choice is Choice.INCLUDE


def test_a_study_without_mr_is_not_picked_up() -> None:
    assert judged(study("Brain", modalities=frozenset({"CT"}))).reason == "modality"


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        (series("t2_tse_tra", body_part="HEAD"), "head"),
        (series("localizer", "AX FLAIR", "T1 SAG"), "flair"),
        (series("t1_mprage_sag_p2_iso"), "mprage"),
        (series("ep2d_diff_3scan_trace"), "diffusion"),
        (series("PERF_GE_MEZOO"), "perfusion"),
        (series("t2_tse_sag", "ep2d_diff", body_part="BRAIN"), "head"),
    ],
)
def test_where_the_study_tells_nothing_its_series_show_a_head(listed: list[PacsSeries], reason: str) -> None:
    assert final("", listed) == ("include", reason)
    assert final("MRT Hypophyse", listed) == ("include", reason)


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        (series("t2_tse_sag", "t1_tse_sag"), "no sign of a head"),
        (series("ep2d_diff_b50_800", body_part="PROSTATE"), "trunk"),
        (series("AX DWI LIVER", "T1 VIBE"), "trunk"),
        (series("pd_tse_fs_sag", body_part="KNEE"), "limb"),
        (series("FLAIR", "t2 sag HWS"), "spine"),
    ],
)
def test_where_nothing_shows_a_head_the_study_is_not_picked_up(listed: list[PacsSeries], reason: str) -> None:
    assert final("", listed) == ("exclude", reason)


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        (series("t1_mprage_sag_p2_iso", "t2 sag HWS"), "mprage"),
        (series("FLAIR", "ep2d_diff", "T2 TSE sag LWS"), "flair"),
        (series("MPRAGE", "t2_tse_tra", body_part="CSPINE"), "mprage"),
    ],
)
def test_sequences_of_heads_only_prevail_over_another_region_beside_them(listed: list[PacsSeries], reason: str) -> None:
    assert final("MR Tumornachsorge", listed) == ("include", reason)


def test_a_reformat_or_the_flair_of_a_spine_shows_no_head_beside_another_region() -> None:
    assert final("", series("T1 MPR", "DWI LIVER")) == ("exclude", "trunk")
    assert final("", series("MPRAGE neck", "t2 sag HWS")) == ("exclude", "neck")


def test_the_protocol_of_a_whole_examination_excludes_no_series_that_has_a_description() -> None:
    listed = [
        PacsSeries(f"1.{n}", "MR", text, protocol="BRAIN TUMOR MRA SWI")
        for n, text in enumerate(("Ax T2", "T1 +C", ""))
    ]
    assert retrieved(listed) == ["Ax T2", "T1 +C"]


@pytest.mark.parametrize(
    "name", ["Dynamic susceptibility contrast", "MS-Protokoll T2", "t1_fl3d_ce", "DYNAMIC SUSCEPTIBILITY EPI"]
)
def test_a_source_of_a_sequence_is_retrieved_whatever_else_its_name_says(name: str) -> None:
    assert retrieved(series(name)) == [name]


def test_a_head_of_which_no_series_is_of_use_is_not_picked_up() -> None:
    assert final("MRA Head", series("localizer", "TOF_3D_multi-slab", "MRA MIP")) == ("exclude", "no series of use")
    assert final("cMRT", series("", modality="SR")) == ("exclude", "no series of use")


def test_only_series_that_may_be_of_use_are_retrieved() -> None:
    names = ("localizer", "T1 ax", "t2_tse_tra", "AX FLAIR", "TOF 3D", "svs_se_135", "ADC", "rCBV", "what is this", "")
    listed = [*series(*names), PacsSeries("9.1", "SEG", "Tumour"), PacsSeries("9.2", "PR", "marks")]
    assert retrieved(listed) == [
        "T1 ax", "t2_tse_tra", "AX FLAIR", "ADC", "rCBV", "what is this", "", "Tumour",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["stereotactic localizer MPRAGE", "FLAIR survey", "DWI tof ref", "T1 DORSAL", "T2 DORSAL"]
)
def test_a_word_for_a_sequence_prevails_over_one_that_excludes(name: str) -> None:
    assert retrieved(series(name)) == [name]


def test_labelled_perfusion_is_no_source_of_a_sequence() -> None:
    assert retrieved(series("perfusion ASL", "dsc perfusion")) == ["dsc perfusion"]


def test_the_neck_of_a_head_and_neck_study_is_not_retrieved_but_an_old_body_part_says_nothing() -> None:
    listed = [*series("T2 sag HWS"), PacsSeries("2.1", "MR", "T2 tra", body_part="CSPINE")]
    assert retrieved(listed) == ["T2 tra"]


def test_a_study_of_outlines_alone_is_not_retrieved() -> None:
    assert retrieved([PacsSeries("9.1", "SEG", "Tumour")]) == []


def test_stations_of_a_table_decide_where_they_are_stated(tmp_path: Path) -> None:
    table = tmp_path / "words.csv"
    table.write_text("decision,kind,field,words\ninclude,own scanner,station,skyra*\n")
    rules = filters(IntakeSettings(study_words=table))

    def reason(station: str) -> tuple[str, str]:
        verdict = judge_series(study("cMRT"), series("T1", station=station), rules)
        return verdict.choice.value, verdict.reason

    assert reason("SKYRA 1") == ("include", "head")
    assert reason("MOBILE7") == ("exclude", "station")
    assert reason("") == ("include", "head")
