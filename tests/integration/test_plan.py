"""A new version of code and settings forces nothing: what is made again is decided, and done in the background."""

from collections.abc import Iterator

import pytest

from idh_tasks.codes import Code
from idh_tasks.db import documents, due_work, patches
from idh_tasks.db.due_work import Claim, Stage
from idh_tasks.domain.again import Scope
from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.domain.study import StudyId
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.operate.making_again import start, stop
from idh_tasks.pipelines.pages.plan import plan
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.preprocess import batch
from idh_tasks.pipelines.train.freeze import freeze_cohort
from tests.database import run_sql
from tests.due import to_prepare
from tests.integration.test_link import SURGERY, add_study
from tests.seed import patch, seed_cohort

MUTANTS, WILDTYPES = 6, 10
PATIENTS = MUTANTS + WILDTYPES
BY_AGE = "SELECT study_id FROM idh.study ORDER BY study_date DESC, study_id DESC"
CHAMPION = """
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('dataset', '{}');
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version, state)
VALUES ('run', 'dataset', '{}', '', 'promoted');
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state, promoted_at)
VALUES ('champion', 'run', 'ADC', '', '', 'champion', now());
INSERT INTO idh.prediction (patch_id, model_id, study_id, sequence, probability_mutant, calibrated, in_training)
SELECT patch_id, 'champion', study_id, 'ADC', 0.5, 0.5, false FROM idh.patch WHERE sequence = 'ADC';
"""


@pytest.fixture
def before(platform: Platform) -> Platform:
    """Return a platform with labelled studies of different years, all prepared with the present version."""
    seed_cohort(platform, MUTANTS, WILDTYPES)
    for age, (study_id,) in enumerate(run_sql(platform, "SELECT study_id FROM idh.study ORDER BY study_id")):
        run_sql(
            platform, "UPDATE idh.study SET study_date = date '2020-06-01' - :days WHERE study_id = :study_id",
            days=100 * age, study_id=study_id,
        )  # fmt: skip
    run_sql(platform, "DELETE FROM idh.due_work")
    return platform


@pytest.fixture
def after(before: Platform) -> Platform:
    """Return the platform after a change of a setting of the images."""
    imaging = before.settings.imaging.model_copy(update={"ghosting_limit": 0.16})
    return Platform(before.settings.model_copy(update={"imaging": imaging}))


def decide(platform: Platform, scope: Scope = Scope.ALL) -> int:
    return start(platform, scope, preprocessing_version(platform), "olga")


def in_order(platform: Platform) -> list[str]:
    return [study_id for (study_id,) in run_sql(platform, BY_AGE)]


def claim(platform: Platform) -> Claim | None:
    with platform.database.begin() as transaction:
        return due_work.claim_next(transaction, Stage.PREPARE, "task", 7200.0)


def claims(platform: Platform) -> Iterator[Claim]:
    """Take one study after the other, as a task does, and prepare it with the version of the platform."""
    while (taken := claim(platform)) is not None:
        make(platform, StudyId(taken.item))
        with platform.database.begin() as transaction:
            due_work.finish(transaction, Stage.PREPARE, taken)
        yield taken


def make(platform: Platform, study_id: StudyId, revision: int = 1) -> None:
    with platform.database.begin() as transaction:
        patches.save(transaction, [patch(platform, study_id, revision, s, mutant=False) for s in MODEL_SEQUENCES])


def unlabel(platform: Platform, studies: int) -> None:
    run_sql(
        platform,
        "UPDATE idh.case_link SET chosen = false WHERE study_id IN (SELECT min(study_id) FROM idh.case_link "
        "UNION SELECT max(study_id) FROM idh.case_link LIMIT :studies)",
        studies=studies,
    )


def events(platform: Platform) -> list[tuple[object, ...]]:
    return run_sql(
        platform,
        "SELECT actor, action, subject, CAST(detail ->> 'studies' AS integer) FROM idh.audit_event "
        "WHERE action LIKE 'plan %' ORDER BY event_id",
    )


def test_without_a_decision_a_new_version_makes_nothing_due(after: Platform) -> None:
    assert batch.due(after) == []
    found = plan(after)
    assert (found.studies, found.labelled, found.progress.waiting) == (PATIENTS, PATIENTS, 0)
    assert batch.due(after) == []


def test_the_plan_counts_by_version_and_by_year_and_says_what_has_changed(before: Platform, after: Platform) -> None:
    unlabel(before, 2)
    found = plan(after)
    [group] = found.by_version
    assert (group.name, group.studies, group.labelled) == (preprocessing_version(before), PATIENTS, PATIENTS - 2)
    assert found.differs(group.name) == "settings"
    years = run_sql(
        before, "SELECT to_char(study_date, 'YYYY') AS year, count(*) FROM idh.study GROUP BY 1 ORDER BY 1 DESC"
    )
    assert [(year.name, year.studies) for year in found.by_year] == years
    assert len(years) > 2
    assert plan(before).outdated == []


def test_a_plan_takes_what_is_new_first_and_then_the_newest(after: Platform) -> None:
    order = in_order(after)
    assert decide(after) == PATIENTS
    new = add_study(after, "new", SURGERY)
    assert [taken.item for taken in claims(after)] == [new, *order]
    assert plan(after).studies == 0


def test_a_plan_of_the_labelled_leaves_the_others_and_can_be_widened(after: Platform) -> None:
    unlabel(after, 2)
    order = in_order(after)
    assert decide(after, Scope.LABELLED) == PATIENTS - 2
    assert decide(after, Scope.LABELLED) == 0
    assert decide(after) == 2
    assert decide(after) == 0
    progress = plan(after).progress
    assert (progress.waiting, progress.waiting_labelled) == (PATIENTS, PATIENTS - 2)
    assert [taken.item for taken in claims(after)] == order, "the newest first, whichever plan has noted it"


def test_who_decided_is_one_event_of_the_audit_log_and_on_the_page(after: Platform) -> None:
    version = preprocessing_version(after)
    decide(after)
    assert events(after) == [("olga", "plan started", version, PATIENTS)]
    latest = plan(after).latest
    assert latest is not None
    assert (latest.actor, latest.version, latest.studies) == ("olga", version, PATIENTS)
    stop(after, "mary")
    assert events(after)[1:] == [("mary", "plan stopped", version, PATIENTS)]
    stopped = plan(after).latest
    assert stopped is not None
    assert (stopped.actor, stopped.action) == ("mary", "plan stopped")


def test_a_plan_that_was_shown_for_another_version_is_refused(before: Platform, after: Platform) -> None:
    with pytest.raises(RunRefusedError) as refused:
        start(after, Scope.ALL, preprocessing_version(before), "olga")
    assert refused.value.code is Code.E_NOT_SHOWN
    assert (events(after), plan(after).progress.waiting) == ([], 0)


def test_stopping_leaves_what_is_begun_and_what_is_new(after: Platform) -> None:
    decide(after)
    begun = claim(after)
    new = add_study(after, "new", SURGERY)
    assert plan(after).progress.begun == 1
    assert stop(after, "mary") == PATIENTS - 1
    assert stop(after, "mary") == 0
    left = run_sql(after, "SELECT item FROM idh.due_work WHERE stage = 'prepare'")
    assert begun is not None
    assert {item for (item,) in left} == {begun.item, new}


def test_the_cost_is_measured_on_the_studies_that_were_prepared(after: Platform) -> None:
    assert plan(after).hours(PATIENTS) is None
    decide(after)
    taken = claim(after)
    assert taken is not None
    run_sql(
        after, "UPDATE idh.due_work SET held_at = now() - interval '90 seconds' WHERE item = :item", item=taken.item
    )
    make(after, StudyId(taken.item))
    found = plan(after)
    assert found.progress.prepared_today >= 1
    assert found.progress.seconds == pytest.approx(90, abs=30)
    assert found.hours(40) == pytest.approx(1, abs=0.4)
    assert found.hours(40, slots=4) == pytest.approx(0.25, abs=0.1)


def test_patches_that_a_change_back_and_forth_has_left_are_used_again_at_once(
    before: Platform, after: Platform
) -> None:
    decide(after)
    assert len(list(claims(after))) == PATIENTS
    run_sql(before, "DELETE FROM idh.due_work")
    assert plan(before).studies == PATIENTS
    assert decide(before) == PATIENTS
    assert (plan(before).studies, batch.due(before)) == (0, [])
    noted = run_sql(before, "SELECT stage, count(*) FROM idh.due_work GROUP BY stage ORDER BY stage")
    assert noted == [("document", PATIENTS), ("predict", PATIENTS)]


def test_predictions_stay_until_their_study_is_made_again(after: Platform) -> None:
    run_sql(after, CHAMPION)
    decide(after)
    [first, second, *_] = in_order(after)
    made = next(claims(after))
    assert made.item == first
    with after.database.begin() as transaction:
        kept = documents.predictions_of(transaction, StudyId(second))
    assert kept is not None
    assert [one.model_id for one in kept.predicted] == ["champion"]


def test_a_scheduled_training_waits_until_the_labelled_are_made_again(after: Platform) -> None:
    waiting = freeze_cohort(after, force=False)
    assert waiting.run_id is None
    assert waiting.reason.startswith(f"{PATIENTS} labelled studies are to be made again")
    assert "the page Plan" in waiting.reason
    decide(after)
    work = claims(after)
    for _ in range(PATIENTS - 1):
        next(work)
    assert freeze_cohort(after, force=False).reason.startswith("1 labelled study is to be made again")
    by_hand = freeze_cohort(after, force=True)
    assert by_hand.run_id is not None
    assert "left out until they are prepared again with the present settings: 1 labelled study" in by_hand.reason
    next(work)
    assert "to be made again" not in freeze_cohort(after, force=False).reason


def test_a_scheduled_training_does_not_wait_for_what_was_given_up(after: Platform) -> None:
    decide(after)
    work = claims(after)
    for _ in range(PATIENTS - 1):
        next(work)
    last = claim(after)
    assert last is not None
    with after.database.begin() as transaction:
        due_work.give_up(transaction, Stage.PREPARE, last, Code.E_KILLED, "killed")
    assert plan(after).progress.given_up == 1
    assert freeze_cohort(after, force=False).run_id is not None


def test_a_run_starts_the_next_one_only_for_what_it_could_work_on(after: Platform) -> None:
    assert not batch.studies_left(after)
    decide(after)
    assert batch.studies_left(after)
    while claim(after) is not None:
        pass
    assert not batch.studies_left(after), "tasks that are gone hold them until their hold expires"
    run_sql(after, "UPDATE idh.due_work SET holder = NULL, held_at = NULL, not_before = now() + interval '1 hour'")
    assert not batch.studies_left(after), "they are tried again later"


@pytest.mark.parametrize("code", ["E_PREPROC", "E_PLUGIN"])
def test_what_failed_with_the_present_version_is_tried_once_more_by_decision(before: Platform, code: str) -> None:
    failed = in_order(before)[0]
    run_sql(
        before, "UPDATE idh.patch SET code = :code, reason = 'a reason', object_key = NULL WHERE study_id = :study_id",
        code=code, study_id=failed,
    )  # fmt: skip
    run_sql(before, "DELETE FROM idh.due_work")
    assert (plan(before).progress.failed, to_prepare(before)) == (1, [])
    assert decide(before, Scope.FAILED) == 1
    assert decide(before, Scope.FAILED) == 0
    assert to_prepare(before) == [failed]
    assert [taken.item for taken in claims(before)] == [failed]
    run_sql(before, "SELECT idh.note_work('prepare', ARRAY[:study_id])", study_id=failed)
    assert (plan(before).progress.failed, to_prepare(before)) == (0, [])


def test_what_has_failed_again_is_not_tried_for_ever(before: Platform) -> None:
    failed = in_order(before)[0]
    broken = "UPDATE idh.patch SET code = 'E_PREPROC', reason = 'r', object_key = NULL, created_at = now()"
    run_sql(before, f"{broken} WHERE study_id = :study_id", study_id=failed)
    run_sql(before, "DELETE FROM idh.due_work")
    decide(before, Scope.FAILED)
    run_sql(before, f"{broken} WHERE study_id = :study_id", study_id=failed)
    assert to_prepare(before) == []


def test_a_study_after_surgery_is_no_part_of_the_plan(after: Platform) -> None:
    run_sql(
        after,
        "UPDATE idh.case_link SET chosen = false, code = 'W_POSTOP' "
        "WHERE study_id = (SELECT min(study_id) FROM idh.study)",
    )
    found = plan(after)
    assert (found.studies, found.labelled) == (PATIENTS - 1, PATIENTS - 1)
    assert decide(after) == PATIENTS - 1
