"""What reviewers do on the pages, in a real browser; after the week, because it delivers one more study."""

import csv
import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from idh_tasks.db.laboratory import fill_stand_in
from idh_tasks.local import up
from idh_tasks.local.client import AirflowClient
from idh_tasks.local.process import wait_until
from tests.database import run_sql
from tests.e2e.night import Night
from tests.e2e.people import logged_in
from tests.factories import dicom_bytes, stack
from tests.hospital import SE_T1, zipped

DONE_S = 300
ASKED = "/dags/review_cases/dagRuns/~/taskInstances"
LABELS = "SELECT idh_status FROM idh.case_link WHERE chosen AND report_key IN (SELECT subject FROM idh.review)"


def until(ready: Callable[[], bool]) -> None:
    assert wait_until(ready, DONE_S, pause_s=1)


def waits(night: Night, kind: str) -> bool:
    """Return whether Airflow waits for an answer to a question of this kind."""
    listed = AirflowClient(night.installation).get(ASKED, state="awaiting_input")["task_instances"]
    open_ones = "SELECT 1 FROM idh.review WHERE kind = :kind AND answer IS NULL AND asked_at IS NOT NULL"
    return bool(listed and run_sql(night.platform, open_ones, kind=kind))


def answer(page: Page, title: str, option: str) -> None:
    """Answer the question with a title by keyboard alone."""
    page.goto("/idh/review/")
    page.get_by_role("link", name=title).first.press("Enter")
    page.wait_for_url(re.compile("/idh/review/[0-9a-f]+"))  # with its script, which listens to the keys
    box = page.get_by_role("radio", name=option)
    page.keyboard.press(str(box.get_attribute("data-key")))
    expect(box).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("p.notice[role=status]")).to_be_visible()


def labels(night: Night, kind: str) -> list[str]:
    held = "SELECT l.idh_status FROM idh.case_link AS l JOIN idh.review AS v ON v.subject = l.report_key"
    return [label for (label,) in run_sql(night.platform, f"{held} WHERE l.chosen AND v.kind = :kind", kind=kind)]


def test_an_answer_counts_within_seconds_and_can_be_taken_back(browser: Browser, night: Night) -> None:
    with (night.cohort / "pathology.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["result"] == "negative")
    unclear = row | {"version": "7", "result": "perhaps not, but see the sequencing"}
    fill_stand_in(up.laboratory(night.installation), [unclear])
    AirflowClient(night.installation).trigger("link_pathology")
    until(lambda: waits(night, "unclear_result"))
    with logged_in(browser, night, "reviewer") as page:
        answer(page, "Unclear wording of an IDH result", "wildtype")
        until(lambda: "wildtype" in labels(night, "unclear_result"))
        page.goto("/idh/review/?show=answered")
        page.get_by_role("link", name="Unclear wording").first.click()
        page.get_by_label("Why").fill("read the wrong report")
        page.get_by_role("button", name="Take the answer back").click()
        expect(page.locator("p.notice[role=status]")).to_contain_text("taken back")
        until(lambda: "indeterminate" in labels(night, "unclear_result"))
        until(lambda: waits(night, "unclear_result"))
        answer(page, "Unclear wording of an IDH result", "wildtype")
        until(lambda: "indeterminate" not in labels(night, "unclear_result"))


def test_a_pathology_reader_reads_the_report_and_a_reviewer_does_not(browser: Browser, night: Night) -> None:
    text = "perhaps not, but see the sequencing"
    with logged_in(browser, night, "pathologist") as page:
        page.goto("/idh/review/?show=answered")
        page.get_by_role("link", name="Unclear wording").first.click()
        page.get_by_role("button", name="Read what the reports state").click()
        expect(page.locator("main")).to_contain_text(text)
    with logged_in(browser, night, "reviewer") as page:
        page.goto("/idh/review/?show=answered")
        page.get_by_role("link", name="Unclear wording").first.click()
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


def test_a_series_is_named_and_preprocessed_under_its_name(browser: Browser, night: Night) -> None:
    stated = SE_T1 | {"SeriesDescription": "t2_tse_tra", "StudyInstanceUID": "1.2.99", "SeriesInstanceUID": "1.2.99.1"}
    files = {f"{k}.dcm": dicom_bytes(ds) for k, ds in enumerate(stack([5.0 * k for k in range(4)], **stated))}
    prefix = night.platform.settings.store.drop_prefix
    up.hospital(night.installation).put(f"{prefix}{'9' * 16}.zip", zipped(files))
    AirflowClient(night.installation).trigger("ingest_studies")
    until(lambda: waits(night, "series_name"))
    named = "SELECT s.sequence, s.confidence FROM idh.series AS s JOIN idh.review AS v ON v.subject = s.series_id"
    present = f"{named} JOIN idh.study AS t USING (study_id) WHERE s.revision = t.revision"
    with logged_in(browser, night, "reviewer") as page:
        answer(page, "Which MR sequence is this series", "FLAIR")
    until(lambda: run_sql(night.platform, present) == [("FLAIR", "high")])
