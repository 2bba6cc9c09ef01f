"""The flow of the cohort on a real PostgreSQL: each patient once, with the first reason for exclusion."""

from datetime import timedelta

from idh_tasks.db import patches
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.link import cohort
from idh_tasks.pipelines.pages.cohort import counted_flow
from idh_tasks.pipelines.platform import Platform
from tests.integration.test_link import SURGERY, add_study, linked, report
from tests.seed import patch

MUTANT = (("IDH1 R132H IHC", "positive"),)
OPEN = (("IDH1 R132H IHC", "negative"),)


def test_each_patient_is_excluded_at_the_first_stage_with_something_missing(platform: Platform) -> None:
    day = SURGERY - timedelta(days=3)
    included = add_study(platform, "in", day, "p1")
    add_study(platform, "no patch", day, "p2")
    add_study(platform, "open", day, "p3")
    add_study(platform, "late", SURGERY + timedelta(days=3), "p4")
    add_study(platform, "other tumour", day, "p5")
    add_study(platform, "no report", day, "p6")
    add_study(platform, "no series", day, "p7", sequences=0)
    linked(
        platform,
        report("r1", assays=MUTANT),
        report("r2", patient_id="p2"),
        report("r3", assays=OPEN, patient_id="p3"),
        report("r4", patient_id="p4"),
        report("r5", patient_id="p5", diagnosis="Meningioma"),
        report("r7", patient_id="p7"),
        report("r8", patient_id="p8"),
    )
    with platform.database.begin() as transaction:
        patches.save(transaction, [patch(platform, included, 1, s, True) for s in (MrSequence.T1, MrSequence.T2)])
    flow = cohort.flow(platform)
    assert {step.stage: step.excluded for step in flow.steps} == {
        "MR": {"W_NO_MR": 1},
        "pre-operative": {"W_NO_PATHOLOGY": 1, "W_POSTOP": 1},
        "glioblastoma": {"W_NOT_GBM": 1},
        "IDH tested": {"W_INDETERMINATE": 1},
        "usable sequences": {"W_NO_USABLE_SERIES": 1},
        "ROI": {},
        "patches": {"W_NOT_PREPROCESSED": 1},
    }
    assert (flow.steps[0].before, flow.steps[-1].after) == (8, 1)
    assert flow.sequences[MrSequence.T1] == (1, 1)
    assert flow.sequences[MrSequence.FLAIR] == (0, 0)


def test_linking_keeps_the_counts_that_the_page_shows(platform: Platform) -> None:
    assert counted_flow(platform) is None
    add_study(platform, "in", SURGERY - timedelta(days=3), "p1")
    linked(platform, report("r1", assays=MUTANT))
    kept, counted = counted_flow(platform), cohort.flow(platform)
    assert kept is not None
    assert (kept.steps, kept.demographics) == (counted.steps, counted.demographics)
    assert {row.sequence: (row.patients, row.mutants) for row in kept.sequences} == counted.sequences
    assert (kept.steps[0].before, kept.count.is_present) == (1, True)
    other = platform.settings.imaging.model_copy(update={"coverage_floor": 0.5})
    changed = counted_flow(Platform(platform.settings.model_copy(update={"imaging": other})))
    assert changed is not None
    assert (changed.count.is_present, changed.steps) == (False, kept.steps)
