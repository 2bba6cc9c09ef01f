"""What reviewers do on the pages, in a real browser; after the week, because it delivers one more study."""

import csv
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, expect

from idh_tasks.db.laboratory import fill_stand_in
from idh_tasks.domain.review import ReviewKind
from idh_tasks.imaging.outline.nifti import read_nifti
from idh_tasks.linkage.questions import TITLES
from idh_tasks.local import up
from idh_tasks.local.client import AirflowClient
from idh_tasks.local.process import wait_until
from tests.database import run_sql
from tests.e2e.night import Night
from tests.e2e.people import logged_in
from tests.factories import dicom_bytes, stack
from tests.hospital import SE_T1, zipped
from tests.outlines import nifti

DONE_S = 300
QUESTIONS = 20
UNCLEAR, SERIES_NAME, OUTLINE = (
    TITLES[kind] for kind in (ReviewKind.UNCLEAR_RESULT, ReviewKind.SERIES_NAME, ReviewKind.AUTOMATIC_ROI)
)
CUT = """
SELECT 1 FROM idh.patch AS p JOIN idh.study AS t ON t.study_id = p.study_id AND t.revision = p.revision
WHERE p.study_id = :study AND p.code IS NULL AND p.origin ->> 'outline_sha256' = :sha256
"""
SUBMITTED = "SELECT sha256 FROM idh.submitted_outline WHERE study_id = :study"


def until(ready: Callable[[], bool]) -> None:
    assert wait_until(ready, DONE_S, pause_s=1)


def opened(page: Page, title: str) -> bool:
    """Open the oldest open question with a title; return whether its page offers answers, because Airflow asks it."""
    page.goto("/idh/review/")
    link = page.get_by_role("link", name=title)
    if not link.count():
        return False
    link.first.press("Enter")
    page.wait_for_url(re.compile("/idh/review/[0-9a-f]+"))  # with its script, which listens to the keys
    return page.locator("form.answer").count() == 1


def offered(page: Page, place: str) -> bool:
    """Return whether the question at a place can be answered."""
    page.goto(place)
    return page.locator("form.answer").count() == 1


def answer(page: Page, title: str, option: str) -> None:
    """Answer the oldest question with a title by keyboard alone, as soon as Airflow asks it."""
    until(lambda: opened(page, title))
    box = page.get_by_role("radio", name=re.compile(rf"\b{option}$"))  # T1 is not T1C
    page.keyboard.press(str(box.get_attribute("data-key")))
    expect(box).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("p.notice[role=status]")).to_be_visible()


def take_back(page: Page, title: str, why: str) -> None:
    """Take back the latest answer to a question with a title."""
    page.goto("/idh/review/?show=answered")
    page.get_by_role("link", name=title).first.click()
    page.get_by_label("Why").fill(why)
    page.get_by_role("button", name="Take the answer back").click()
    expect(page.locator("p.notice[role=status]")).to_contain_text("taken back")


def awaited(night: Night) -> list[str]:
    """Return the titles of the questions that wait in Airflow."""
    client, tasks = AirflowClient(night.installation), "/dags/review_cases/dagRuns/{}/taskInstances"
    waiting = client.get(tasks.format("~"), state="awaiting_input")["task_instances"]
    places = [f"{tasks.format(task['dag_run_id'])}/ask/{task['map_index']}/hitlDetails" for task in waiting]
    return [client.get(place)["subject"] for place in places]


def labels(night: Night, kind: str) -> list[str]:
    held = "SELECT l.idh_status FROM idh.case_link AS l JOIN idh.review AS v ON v.subject = l.report_key"
    return [label for (label,) in run_sql(night.platform, f"{held} WHERE l.chosen AND v.kind = :kind", kind=kind)]


def test_an_answer_counts_within_seconds_and_can_be_taken_back(browser: Browser, night: Night) -> None:
    with (night.cohort / "pathology.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["result"] == "negative")
    unclear = row | {"version": "7", "result": "perhaps not, but see the sequencing"}
    fill_stand_in(up.laboratory(night.installation), [unclear])
    AirflowClient(night.installation).trigger("link_pathology")
    with logged_in(browser, night, "reviewer") as page:
        answer(page, UNCLEAR, "wildtype")
        until(lambda: "wildtype" in labels(night, "unclear_result"))
        take_back(page, UNCLEAR, "read the wrong report")
        until(lambda: "indeterminate" in labels(night, "unclear_result"))
        answer(page, UNCLEAR, "wildtype")
        until(lambda: "indeterminate" not in labels(night, "unclear_result"))


def test_a_pathology_reader_reads_the_report_and_a_reviewer_does_not(browser: Browser, night: Night) -> None:
    text = "perhaps not, but see the sequencing"
    with logged_in(browser, night, "pathologist") as page:
        page.goto("/idh/review/?show=answered")
        page.get_by_role("link", name=UNCLEAR).first.click()
        page.get_by_role("button", name="Read what the reports state").click()
        expect(page.locator("main")).to_contain_text(text)
    with logged_in(browser, night, "reviewer") as page:
        page.goto("/idh/review/?show=answered")
        page.get_by_role("link", name=UNCLEAR).first.click()
        expect(page.locator("main")).not_to_contain_text(text)
        expect(page.get_by_role("button", name="Read what the reports state")).to_have_count(0)


def test_a_study_is_excluded_for_motion_and_taken_in_again(browser: Browser, night: Night) -> None:
    [(study,)] = run_sql(night.platform, "SELECT study_id FROM idh.case_link WHERE chosen ORDER BY study_id LIMIT 1")
    code = "SELECT code FROM idh.case_link WHERE study_id = :study"
    with logged_in(browser, night, "reviewer") as page:
        page.goto(f"/idh/studies/{study}")
        page.get_by_text("Exclude this study").click()
        page.locator("form[action$='/exclude']").get_by_label("Why").fill("ghosts in all sequences")
        page.get_by_role("button", name="Exclude", exact=True).click()
        expect(page.locator(".band")).to_contain_text("Excluded for motion by reviewer")
        until(lambda: run_sql(night.platform, code, study=study) == [("W_EXCLUDED_IMAGES",)])
        page.locator("form[action$='/take-in']").get_by_label("Why").fill("the repetition is sharp")
        page.get_by_role("button", name="Take the study in again").click()
        until(lambda: run_sql(night.platform, code, study=study) == [("OK",)])


def unsure(uid: str, name: str = "t2_tse_tra") -> bytes:
    """Return a study of one series whose name and physics contradict each other."""
    stated = SE_T1 | {"SeriesDescription": name, "StudyInstanceUID": uid, "SeriesInstanceUID": f"{uid}.1"}
    return zipped({f"{k}.dcm": dicom_bytes(ds) for k, ds in enumerate(stack([5.0 * k for k in range(4)], **stated))})


def deliver(night: Night, studies: dict[str, bytes]) -> None:
    """Deliver studies to the bucket, and start to take them in."""
    prefix = night.platform.settings.store.drop_prefix
    for name, content in studies.items():
        up.hospital(night.installation).put(f"{prefix}{name}.zip", content)
    AirflowClient(night.installation).trigger("ingest_studies")


def test_a_series_is_named_and_preprocessed_under_its_name(browser: Browser, night: Night) -> None:
    deliver(night, {"9" * 16: unsure("1.2.99")})
    named = "SELECT s.sequence, s.confidence FROM idh.series AS s JOIN idh.review AS v ON v.subject = s.series_id"
    present = f"{named} JOIN idh.study AS t USING (study_id) WHERE s.revision = t.revision"
    with logged_in(browser, night, "reviewer") as page:
        answer(page, SERIES_NAME, "FLAIR")
    until(lambda: run_sql(night.platform, present) == [("FLAIR", "high")])


def test_an_answer_becomes_a_rule_and_the_next_delivery_is_named_without_a_question(
    browser: Browser, night: Night
) -> None:
    deliver(night, {"8" * 16: unsure("1.2.77.1", "t2_axi")})
    with logged_in(browser, night, "reviewer") as page:
        answer(page, SERIES_NAME, "T1")
        until(lambda: named_by(night, "1.2.77.1") == [("T1", "a reviewer named it T1")])
        page.goto("/idh/review/?show=answered")
        page.get_by_role("link", name=SERIES_NAME).first.click()
        page.get_by_role("button", name="Use this answer as a rule").click()
        expect(page.locator("main")).to_contain_text("1 sure, and agrees, in 1 study.")
        expect(page.get_by_role("button", name="Activate for new series")).to_have_count(0)
        rule = page.url
    with logged_in(browser, night, "operator") as page:
        page.goto(rule)
        page.get_by_role("button", name="Activate for new series").click()
        expect(page.locator("main")).to_contain_text("Active")
    deliver(night, {"7" * 16: unsure("1.2.77.2", "t2_axi")})
    number = rule.rpartition("/")[2]
    until(lambda: named_by(night, "1.2.77.2") == [("T1", f"local rule {number} (reviewer) named it T1")])
    until(lambda: run_sql(night.platform, PREPARED, study=study_id(night, "1.2.77.2")) != [])
    assert run_sql(night.platform, ASKED, study=study_id(night, "1.2.77.2")) == []


PREPARED = "SELECT 1 FROM idh.patch WHERE study_id = :study"
ASKED = "SELECT 1 FROM idh.review WHERE detail ->> 'study' = :study"
NAMED = """
SELECT s.sequence, s.evidence FROM idh.series AS s JOIN idh.study AS t USING (study_id, revision)
WHERE study_id = :study AND s.confidence = 'high'
"""


def study_id(night: Night, uid: str) -> str:
    return str(night.platform.pseudonymiser.study(uid))


def named_by(night: Night, uid: str) -> list[tuple[str, str]]:
    """Return the sure names of a study's series, and the last words of their evidence: who named them."""
    found = run_sql(night.platform, NAMED, study=study_id(night, uid))
    return [(sequence, evidence.rpartition("; ")[2]) for sequence, evidence in found]


def corrected(outline: bytes) -> bytes:
    """Return an outline (NIfTI) without its last column."""
    volume = read_nifti(outline)
    voxels = volume.voxels.copy()
    voxels[:, :, np.flatnonzero(voxels.any(axis=(0, 1)))[-1]] = 0
    return nifti((voxels > 0).astype(np.uint8), volume.geometry)


def test_an_outline_is_corrected_by_upload_and_its_patches_are_cut(
    browser: Browser, night: Night, tmp_path: Path
) -> None:
    chosen = "SELECT study_id FROM idh.patch JOIN idh.case_link USING (study_id) WHERE chosen ORDER BY 1 DESC LIMIT 1"
    [(study,)] = run_sql(night.platform, chosen)
    with logged_in(browser, night, "reviewer") as page:
        page.goto(f"/idh/studies/{study}")
        page.get_by_text("Correct this outline").click()
        with page.expect_download() as begun:
            page.get_by_role("link", name="Download the outline").click()
        file = tmp_path / "corrected.nii.gz"
        file.write_bytes(corrected(begun.value.path().read_bytes()))
        page.get_by_label("Corrected outline").set_input_files(file)
        page.get_by_role("button", name="Submit the outline").click()
        expect(page.locator("main")).to_contain_text("waits to be accepted")
        [(sha256,)] = run_sql(night.platform, SUBMITTED, study=study)
        answer(page, OUTLINE, "accept")
        until(lambda: run_sql(night.platform, CUT, study=study, sha256=sha256) != [])
        page.goto(f"/idh/studies/{study}")
        expect(page.locator("main")).to_contain_text("accepted")
        take_back(page, OUTLINE, "half of the rim is outside")
        assert run_sql(night.platform, CUT, study=study, sha256=sha256) == []
        until(lambda: awaited(night) == [f"{OUTLINE} ({study[:8]})"])
        page.goto(f"/idh/studies/{study}")
        expect(page.locator("main")).to_contain_text("waits to be accepted")
        answer(page, OUTLINE, "accept")
        until(lambda: run_sql(night.platform, CUT, study=study, sha256=sha256) != [] and awaited(night) == [])


def test_twenty_open_questions_are_all_visible_and_asked(browser: Browser, night: Night) -> None:
    deliver(night, {f"{k:016}": unsure(f"1.2.88.{k}") for k in range(1, QUESTIONS + 1)})
    asked = "SELECT 1 FROM idh.review WHERE kind = 'series_name' AND answer IS NULL AND asked_at IS NOT NULL"
    until(lambda: len(run_sql(night.platform, asked)) == QUESTIONS)
    with logged_in(browser, night, "reviewer") as page:
        page.goto("/idh/review/")
        links = page.get_by_role("link", name=SERIES_NAME).all()
        places = [str(link.get_attribute("href")) for link in links]
        assert len(set(places)) == QUESTIONS
        for place in places:
            until(partial(offered, page, place))
