"""A label that is contradicted is not used until a newer version or a person settles which one is right."""

from itertools import permutations
from typing import Any

import pytest

from idh_tasks.db import reports
from idh_tasks.db.reports import ReportRecord
from idh_tasks.domain.pathology import Channel, Report, ReportStatus
from idh_tasks.domain.review import LEAVE_OPEN
from idh_tasks.linkage.feed.files import by_channel, read_file
from idh_tasks.linkage.feed.rows import read_rows
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.pipelines.link import cases, cohort
from idh_tasks.pipelines.link.store_feed import store_content
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import answers, questions
from idh_tasks.pipelines.train import freeze
from tests.database import empty, run_sql
from tests.integration.test_link import SURGERY, WILDTYPE, add_study, linked, report
from tests.seed import DAY, POSITIVE, seed_cohort
from tests.unit.linkage.feed.fhir import bundles
from tests.unit.linkage.feed.test_files import ORU

IHC = (("IDH1 R132H IHC", "positive"),)
SEQUENCED = (("IDH1 sequencing", "p.R132H"),)
MUTANT, WILD = [("OK", "mutant")], [("OK", "wildtype")]


def outcome(platform: Platform) -> list[tuple[str, str]]:
    """Link, and return the codes of the links with their status, where a study was chosen."""
    cases.link_cases(platform)
    links = run_sql(platform, "SELECT code, chosen, idh_status FROM idh.case_link ORDER BY 1, 3")
    return [(code, status if chosen else "") for code, chosen, status in links]


def arrive(platform: Platform, channel: Channel, *reports: list[dict[str, Any]]) -> list[tuple[str, str]]:
    for rows in reports:
        with platform.database.begin() as transaction:
            store_content(platform, transaction, by_channel(read_rows(rows), channel))
    return outcome(platform)


def arrive_as_file(platform: Platform, name: str, content: bytes) -> list[tuple[str, str]]:
    with platform.database.begin() as transaction:
        store_content(platform, transaction, read_file(name, content))
    return outcome(platform)


def fhir_report(*results: str, **changes: Any) -> bytes:
    """Return a FHIR report of the surgery with a positive stain, if one of its results is `a`."""
    return bundles.bundle(
        bundles.patient(birthDate="1958-01-01"),
        bundles.report(*results, **{"issued": "2018-06-20T10:15:00Z"} | changes),
        bundles.observation("a", "IDH1 R132H IHC", valueString="positive"),
        bundles.procedure(performedDateTime="2018-06-02"),
    )


def waiting(links: list[tuple[str, str]]) -> bool:
    return {code for code, _ in links} == {"E_REPORT_CONFLICT"}


def answer(platform: Platform, label: str) -> None:
    [asked] = questions.claim_reviews(platform)
    [option] = [o for o in asked["options"] if o.endswith(label)]
    answers.record_answer(platform, asked["shown"], option, "mary")


def test_a_contradicted_report_takes_the_case_out_until_a_newer_version_settles_it(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    assert arrive(platform, Channel.VIEW, report()) == WILD
    assert waiting(arrive(platform, Channel.VIEW, report(assays=SEQUENCED)))
    excluded = {code: n for step in cohort.flow(platform).steps for code, n in step.excluded.items()}
    assert excluded == {"W_AWAITING_REVIEW": 1}
    assert arrive(platform, Channel.VIEW, report(version=2, assays=SEQUENCED)) == MUTANT
    assert questions.claim_reviews(platform) == []


@pytest.mark.parametrize(("label", "result"), [("mutant", MUTANT), ("wildtype", WILD), ("exclude", None)])
def test_a_reviewer_chooses_the_version_that_counts(platform: Platform, label: str, result: Any) -> None:
    add_study(platform, "s", SURGERY)
    arrive(platform, Channel.VIEW, report(), report(assays=SEQUENCED))
    answer(platform, label)
    assert outcome(platform) == (result or [("W_EXCLUDED_BY_REVIEW", "")])
    assert arrive(platform, Channel.VIEW, report(), report(assays=SEQUENCED)) == (
        result or [("W_EXCLUDED_BY_REVIEW", "")]
    )


def test_the_question_shows_both_versions_and_no_identifier(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    arrive(platform, Channel.VIEW, report(), report(assays=SEQUENCED))
    [asked] = questions.claim_reviews(platform)
    assert asked["options"] == ["1: mutant", "2: wildtype", "exclude", LEAVE_OPEN]
    assert "positive: idh1_codon132" in asked["body"]
    assert not any(word in asked["body"] for word in ("p1", "r1", "2018-06-01", "Zebedee"))


def test_a_contradiction_moves_to_both_patients_whom_the_versions_name(platform: Platform) -> None:
    add_study(platform, "s1", SURGERY, "p1")
    add_study(platform, "s2", SURGERY, "p2")
    assert waiting(arrive(platform, Channel.VIEW, report(), report(patient_id="p2")))
    assert len(outcome(platform)) == 2


def test_no_other_report_of_the_patient_counts_while_one_is_contradicted(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    assert arrive(platform, Channel.VIEW, report("r2")) == WILD
    assert waiting(arrive(platform, Channel.VIEW, report(), report(assays=SEQUENCED)))


def test_two_channels_that_disagree_are_asked_whatever_their_versions(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    assert arrive(platform, Channel.VIEW, report()) == WILD
    assert arrive(platform, Channel.HL7, report(version=20180620101500)) == WILD
    assert waiting(arrive(platform, Channel.HL7, report(version=20180701101500, assays=SEQUENCED)))
    assert arrive(platform, Channel.VIEW, report(version=2, assays=SEQUENCED)) == MUTANT


def test_a_flip_on_weaker_evidence_waits_and_the_models_that_used_the_label_are_listed(platform: Platform) -> None:
    seed_cohort(platform, 9, 9)
    freeze.freeze_cohort(platform, force=True)
    key = platform.pseudonymiser.patient("H", "9")
    decision = resolve_idh_status(POSITIVE)
    flipped = ReportRecord("report9", 2, key, "final", True, DAY, None, 60, decision, "", "", ())
    source = Report("9", 2, "H", "9", None, "F", ReportStatus.FINAL, "glioblastoma", DAY, None, 60, ())
    with platform.database.begin() as transaction:
        reports.save_reports(transaction, [(flipped, source)])
    outcome(platform)
    assert {use.code for use in cohort.affected(platform, "9")} == {"W_LABEL_WITHDRAWN"}
    answer(platform, "mutant")
    outcome(platform)
    assert {use.code for use in cohort.affected(platform, "9")} == {"W_LABEL_CHANGED"}


def test_a_flip_on_stronger_evidence_needs_nobody(platform: Platform) -> None:
    add_study(platform, "s", SURGERY)
    assert arrive(platform, Channel.VIEW, report(assays=IHC)) == MUTANT
    assert arrive(platform, Channel.VIEW, report(version=2)) == WILD
    assert waiting(arrive(platform, Channel.VIEW, report(version=3, assays=IHC)))


ORIGINAL = ORU.replace("p.R132C", "not detected").replace("||||||||I\n", "||not detected||||||F\n")
CORRECTED = ORIGINAL.replace("||PAT|F", "||PAT|C").replace("sequencing||not", "sequencing||p.R132H; not", 1)
CORRECTED = CORRECTED.replace("p.R132H; not detected", "p.R132H")


@pytest.mark.parametrize("order", [(ORIGINAL, CORRECTED), (CORRECTED, ORIGINAL)])
def test_an_hl7_correction_of_the_same_time_counts(platform: Platform, order: tuple[str, str]) -> None:
    add_study(platform, "s", SURGERY, "0012")
    for message in order:
        links = arrive_as_file(platform, "a.hl7", message.encode())
    assert links == MUTANT


def test_an_hl7_message_of_the_same_time_that_is_no_correction_is_asked(platform: Platform) -> None:
    add_study(platform, "s", SURGERY, "0012")
    assert arrive_as_file(platform, "a.hl7", ORIGINAL.encode()) == WILD
    assert waiting(arrive_as_file(platform, "b.hl7", CORRECTED.replace("||PAT|C", "||PAT|F").encode()))


@pytest.mark.parametrize(
    "amended",
    [{"meta": {"versionId": "2"}, "issued": None}, {"meta": {"versionId": "2", "lastUpdated": "2019-10-01T00:00:00Z"}}],
)
def test_an_amended_bundle_with_a_version_id_is_newer_than_one_with_a_time(
    platform: Platform, amended: dict[str, Any]
) -> None:
    add_study(platform, "s", SURGERY, "0012")
    assert arrive_as_file(platform, "a.json", fhir_report(status="final")) == [("OK", "indeterminate")]
    assert arrive_as_file(platform, "b.json", fhir_report("a", status="amended", **amended)) == MUTANT


def test_every_order_of_arrival_ends_alike(platform: Platform) -> None:
    deliveries = [
        (Channel.VIEW, report()), (Channel.VIEW, report(version=2, assays=SEQUENCED)),
        (Channel.VIEW, report(version=2)), (Channel.HL7, report(version=20180620101500, assays=SEQUENCED)),
        (Channel.VIEW, report(version=3, assays=SEQUENCED)),
    ]  # fmt: skip
    for left_out, expected in ((None, MUTANT), (4, None)):
        kept = [d for n, d in enumerate(deliveries) if n != left_out]
        for order in list(permutations(kept))[:: 15 if left_out is None else 4]:
            empty(platform)
            add_study(platform, "s", SURGERY)
            for channel, rows in order:
                links = arrive(platform, channel, rows)
            assert links == expected if expected else waiting(links)


def test_a_contradiction_from_before_the_migration_waits_for_a_person(platform: Platform) -> None:
    """Play what migration 0011 does with a contradiction that the older version only noted."""
    add_study(platform, "s", SURGERY)
    assert linked(platform, report(assays=WILDTYPE))
    run_sql(
        platform,
        "INSERT INTO idh.report_standing (report_key, versions, options) "
        "SELECT report_key, ARRAY[0, version], ARRAY['2: ' || idh_status] FROM idh.report",
    )
    assert waiting(outcome(platform))
    answer(platform, "wildtype")
    assert outcome(platform) == WILD
