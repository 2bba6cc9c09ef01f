"""The phantom contains what its truth states, and nothing but the planted effects depends on the IDH status."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from scipy.stats import ttest_ind

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.errors import RunRefusedError
from idh_tasks.phantom.anatomy import add_tumour, draw_head
from idh_tasks.phantom.biology import draw_biology
from idh_tasks.phantom.cohort import CohortPlan, Defect, plan_patients, write_cohort
from idh_tasks.phantom.signal import Timing, magnitude
from idh_tasks.phantom.tissue import HEALTHY, TUMOUR, Tissue


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cohort")
    assert list(write_cohort(out, CohortPlan(2, 1, seed=3))) == [1, 2]
    return out


def test_tissues_are_ordered_by_brightness_as_in_real_contrasts() -> None:
    csf, grey, white = (HEALTHY[t] for t in (Tissue.CSF, Tissue.GREY, Tissue.WHITE))
    t1, t2, flair = Timing(600, 10), Timing(4800, 98), Timing(9420, 141, 2500)
    assert magnitude(white, t1) > magnitude(grey, t1) > magnitude(csf, t1)
    assert magnitude(csf, t2) > magnitude(grey, t2) > magnitude(white, t2)
    assert magnitude(csf, flair) < 0.3 * magnitude(grey, flair)


def test_a_head_has_every_tissue_and_a_tumour_of_plausible_size() -> None:
    rng = np.random.default_rng(4)
    labels = add_tumour(draw_head(rng), rng).labels
    assert set(np.unique(labels)) == set(Tissue)
    tumour_ml = np.isin(labels, TUMOUR).sum() * 1.5**3 / 1000
    assert 10 < tumour_ml < 250
    brain_ml = (labels >= Tissue.CSF).sum() * 1.5**3 / 1000
    assert 1000 < brain_ml < 1900


def test_the_status_affects_cbv_and_t1_and_not_adc_or_leakage() -> None:
    biologies = {
        s: [draw_biology(np.random.default_rng([s == "mutant", n]), s) for n in range(300)]
        for s in (IdhStatus.MUTANT, IdhStatus.WILDTYPE)
    }

    def p_value(name: str) -> float:
        values = [[getattr(b, name) for b in drawn] for drawn in biologies.values()]
        return float(ttest_ind(*values).pvalue)

    assert p_value("rim_cbv") < 1e-50
    assert p_value("t1_factor") < 1e-10
    assert p_value("rim_adc") > 0.01
    assert p_value("oedema_adc") > 0.01
    assert p_value("rim_leakage") > 0.01


def test_defects_are_planted_in_wild_type_patients_only() -> None:
    plans = plan_patients(CohortPlan(40, 14, seed=7))
    assert sum(p.status is IdhStatus.MUTANT for p in plans) == 14
    assert [p.defect for p in plans if p.defect] == list(Defect)
    assert all(p.status is IdhStatus.WILDTYPE for p in plans if p.defect)


def test_more_mutants_than_patients_are_refused() -> None:
    with pytest.raises(RunRefusedError):
        plan_patients(CohortPlan(3, 4, seed=1))


def test_a_folder_holds_one_study_of_one_patient_with_an_outline(cohort: Path) -> None:
    headers = [dcmread(path, stop_before_pixels=True) for path in sorted((cohort / "studies" / "000").glob("*.dcm"))]
    assert len({ds.StudyInstanceUID for ds in headers}) == 1
    assert len({ds.SOPInstanceUID for ds in headers}) == len(headers)
    assert len({ds.PatientID for ds in headers}) == 1
    assert {ds.Modality for ds in headers} == {"MR", "SEG"}
    assert (cohort / "studies" / "001" / "roi.nii.gz").exists()


def test_the_truth_and_the_pathology_reports_agree(cohort: Path) -> None:
    truth = json.loads((cohort / "truth.json").read_text())
    assert truth["kind"] == "synthetic"
    assert all((cohort / patient["labels"]).exists() for patient in truth["patients"])
    with (cohort / "pathology.csv").open(newline="") as file:
        reported = {row["patient_id"] for row in csv.DictReader(file)}
    assert reported == {patient["patient_id"] for patient in truth["patients"]}


def test_the_same_seed_gives_the_same_bytes(cohort: Path, tmp_path: Path) -> None:
    list(write_cohort(tmp_path, CohortPlan(2, 1, seed=3), jobs=1))
    first, second = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (cohort, tmp_path)
    )
    assert first.keys() == second.keys()
    assert [path for path, content in first.items() if content != second[path]] == []
