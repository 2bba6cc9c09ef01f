"""A reviewer's answer becomes a local rule: it is previewed, activated, names what arrives, and ends."""

import re
from typing import Any

import pytest
from typer.testing import CliRunner

from idh_tasks.cli.app import cli
from idh_tasks.domain.series_rule import Effect, RuleState
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import answers, questions, series_rules
from idh_tasks.pipelines.review.reopening import reopen
from tests.database import run_sql
from tests.due import to_prepare
from tests.hospital import stored
from tests.integration.test_series_names import asked, doubtful, ingested

ACTIONS = "SELECT actor, action FROM idh.audit_event WHERE action LIKE '%rule%' ORDER BY event_id"
KEPT = "SELECT s::text FROM idh.series AS s UNION SELECT r::text FROM idh.series_rule AS r"


def named(platform: Platform, uid: str = "1.2.3") -> list[str]:
    """Return name and confidence of the series of a study."""
    identified = [series.identification for series in stored(platform, uid).series]
    return sorted(f"{one.sequence} {one.confidence}" for one in identified)


def answered(platform: Platform, option: str = "T1", uid: str = "1.2.3", **header: Any) -> str:
    """Deliver a study of one doubtful series, answer its question, and return the id of the question."""
    ingested(platform, uid, doubtful(uid, **header))
    [question] = asked(platform)
    answers.record_answer(platform, question["shown"], option, "mary")
    return questions.review_id_of(question["shown"])


def activated(platform: Platform, rule_id: int) -> int:
    """Activate a rule as the operator does who has seen its preview."""
    seen = series_rules.preview(platform, rule_id)
    assert seen is not None
    series_rules.activate(platform, rule_id, seen.digest, "olga")
    return rule_id


def effects(platform: Platform, rule_id: int) -> dict[Effect, int]:
    seen = series_rules.preview(platform, rule_id)
    assert seen is not None
    return seen.counts


@pytest.fixture
def rule(platform: Platform) -> int:
    return series_rules.propose(platform, answered(platform), "mary")


def test_a_proposed_rule_names_nothing(platform: Platform, rule: int) -> None:
    ingested(platform, "two", doubtful("1.2.4"))
    assert named(platform, "1.2.4") == ["T1 low"]
    assert len(asked(platform)) == 1


def test_what_arrives_later_is_named_by_an_active_rule_without_a_question(platform: Platform, rule: int) -> None:
    activated(platform, rule)
    ingested(platform, "two", doubtful("1.2.4"))
    [series] = stored(platform, "1.2.4").series
    assert named(platform, "1.2.4") == ["T1 high"]
    assert series.identification.evidence.endswith(f"; local rule {rule} (mary) named it T1")
    assert asked(platform) == []
    assert run_sql(platform, ACTIONS) == [
        ("mary", "rule proposed"), ("olga", "rule activated"), ("ingest", "named by rule"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "header",
    [
        {"RepetitionTime": "900"},
        {"SeriesDescription": "t2_tse_cor"},
        {"Manufacturer": "ANOTHER"},
        {"ContrastBolusAgent": "a herb"},
        {"RepetitionTime": "5000", "EchoTime": "10", "ScanningSequence": "SE"},
    ],
    ids=" ".join,
)
def test_another_protocol_timing_or_doubt_is_still_asked_about(
    platform: Platform, rule: int, header: dict[str, Any]
) -> None:
    activated(platform, rule)
    ingested(platform, "two", doubtful("1.2.4", **header))
    assert [name.split()[1] for name in named(platform, "1.2.4")] == ["low"]
    assert len(asked(platform)) == 1


def test_a_rule_never_overrules_what_is_sure(platform: Platform) -> None:
    rule = series_rules.propose(platform, answered(platform, "OTHER", SeriesDescription="t2_t1"), "mary")
    activated(platform, rule)
    ingested(platform, "two", doubtful("1.2.4", SeriesDescription="t1_se_tra"))
    assert named(platform, "1.2.4") == ["T1 high"]


def test_an_answer_that_the_physics_excludes_counts_once_but_makes_no_rule(platform: Platform) -> None:
    question = answered(platform, "FLAIR")
    assert named(platform) == ["FLAIR high"]
    with pytest.raises(RunRefusedError, match=r"E_RULE.*physics.*FLAIR"):
        series_rules.propose(platform, question, "mary")


def test_a_series_without_a_description_makes_no_rule(platform: Platform) -> None:
    question = answered(platform)
    run_sql(platform, "UPDATE idh.series SET protocol = ''")
    with pytest.raises(RunRefusedError, match="no description"):
        series_rules.propose(platform, question, "mary")


def test_a_conflicting_rule_is_refused_by_name(platform: Platform, rule: int) -> None:
    other = answered(platform, "OTHER", "1.2.4", RepetitionTime="610")
    with pytest.raises(RunRefusedError, match=rf"local rule {rule} \(T1, proposed\).*says otherwise"):
        series_rules.propose(platform, other, "tom")
    activated(platform, rule)
    with pytest.raises(RunRefusedError, match=rf"local rule {rule} \(T1, active\).*says otherwise"):
        series_rules.propose(platform, other, "tom")
    series_rules.retire(platform, rule, "it is a field map", "olga")
    assert series_rules.propose(platform, other, "tom") > rule


def test_the_preview_says_what_a_rule_would_do_to_past_series(platform: Platform) -> None:
    ingested(platform, "unsure", doubtful("1.2.4"))
    answers.record_answer(platform, asked(platform)[0]["shown"], "OTHER", "tom")
    rule = series_rules.propose(platform, answered(platform), "mary")
    ingested(platform, "more", doubtful("1.2.5"))
    assert effects(platform, rule) == {Effect.NAMED: 1, Effect.AGREES: 1, Effect.DISAGREES: 1}


def test_a_rule_is_activated_only_for_the_preview_that_was_shown(platform: Platform, rule: int) -> None:
    seen = series_rules.preview(platform, rule)
    assert seen is not None
    ingested(platform, "two", doubtful("1.2.4"))
    with pytest.raises(RunRefusedError, match="E_NOT_SHOWN"):
        series_rules.activate(platform, rule, seen.digest, "olga")
    activated(platform, rule)
    with pytest.raises(RunRefusedError, match="E_NOT_SHOWN"):
        series_rules.activate(platform, rule, seen.digest, "olga")


def test_past_series_are_named_by_decision_only(platform: Platform, rule: int) -> None:
    ingested(platform, "two", doubtful("1.2.4"))
    activated(platform, rule)
    ingested(platform, "more of two", doubtful("1.2.4", series="8", SeriesDescription="t1_se_tra"))
    assert named(platform, "1.2.4") == ["T1 high", "T1 low"]
    assert series_rules.decide_past(platform, rule, RuleState.ACTIVE, "olga") == 1
    assert named(platform, "1.2.4") == ["T1 high", "T1 high"]
    assert to_prepare(platform) != []
    assert series_rules.decide_past(platform, rule, RuleState.ACTIVE, "olga") == 0


def test_the_name_stays_when_more_of_the_study_arrives_and_the_rule_ends(platform: Platform, rule: int) -> None:
    activated(platform, rule)
    ingested(platform, "two", doubtful("1.2.4"))
    series_rules.retire(platform, rule, "the protocol was renamed", "olga")
    ingested(platform, "more", doubtful("1.2.4", series="8", SeriesDescription="t1_se_tra"))
    assert named(platform, "1.2.4") == ["T1 high", "T1 high"]
    ingested(platform, "three", doubtful("1.2.5"))
    assert named(platform, "1.2.5") == ["T1 low"]


def test_names_are_taken_back_from_a_retired_rule_and_asked_about(platform: Platform, rule: int) -> None:
    ingested(platform, "two", doubtful("1.2.4"))
    before = stored(platform, "1.2.4").series[0].identification
    activated(platform, rule)
    series_rules.decide_past(platform, rule, RuleState.ACTIVE, "olga")
    with pytest.raises(RunRefusedError, match="E_RULE"):
        series_rules.decide_past(platform, rule, RuleState.RETIRED, "olga")
    series_rules.retire(platform, rule, "it was the wrong name", "olga")
    assert series_rules.decide_past(platform, rule, RuleState.RETIRED, "olga") == 1
    assert stored(platform, "1.2.4").series[0].identification == before
    assert len(asked(platform)) == 1
    assert run_sql(platform, ACTIONS)[-2:] == [("olga", "rule retired"), ("olga", "rule name taken back")]


def test_a_rule_ends_with_the_answer_that_it_was_made_of(platform: Platform) -> None:
    question = answered(platform)
    rule = activated(platform, series_rules.propose(platform, question, "mary"))
    reopen(platform, question, "tom", "a slip")
    [one] = series_rules.rules(platform)
    assert (one.rule_id, one.state, one.reason) == (rule, "retired", "its answer was taken back")


def test_the_states_of_a_rule_are_kept_and_cannot_be_changed(platform: Platform, rule: int) -> None:
    activated(platform, rule)
    series_rules.retire(platform, rule, "the scanner is gone", "olga")
    seen = series_rules.preview(platform, rule)
    assert seen is not None
    assert [(one.state, one.stated_by) for one in seen.states] == [
        ("proposed", "mary"), ("active", "olga"), ("retired", "olga"),
    ]  # fmt: skip
    with pytest.raises(RunRefusedError, match="E_RULE"):
        series_rules.retire(platform, rule, "again", "olga")
    with pytest.raises(Exception, match="append-only"):
        run_sql(platform, "UPDATE idh.series_rule_state SET state = 'active' RETURNING 1")


def test_nothing_of_a_description_is_kept_but_a_token(platform: Platform) -> None:
    series_rules.propose(platform, answered(platform, SeriesDescription="t2_tse Muellermarker"), "mary")
    kept = " ".join(row for (row,) in run_sql(platform, KEPT))
    assert "muellermarker" not in kept.lower()
    [(token,)] = run_sql(platform, "SELECT DISTINCT protocol FROM idh.series")
    assert re.fullmatch("[0-9a-f]{24}", token)


def test_late_slices_of_a_series_keep_its_protocol(platform: Platform, rule: int) -> None:
    activated(platform, rule)
    ingested(platform, "two", doubtful("1.2.4"))
    ingested(platform, "late", doubtful("1.2.4", slices=6))
    assert named(platform, "1.2.4") == ["T1 high"]


def test_a_rule_is_looked_at_activated_and_retired_at_the_command_line(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idh_tasks.cli.platform.open_platform", lambda _: platform)
    question = answered(platform)
    ingested(platform, "two", doubtful("1.2.4"))
    rule = re.findall(r"rule (\d+) is proposed", said("propose", question))[0]
    shown = re.findall(r"1 would be named, 1 sure, and agrees; shown: (\w+)", said("preview", rule))[0]
    assert "is active" in said("activate", rule, "--shown", shown)
    assert "1 series are named" in said("past", rule)
    assert re.search(rf"{rule} +active +T1 +1 +T1; spin echo", said("list"))
    assert "is retired" in said("retire", rule, "--reason", "the scanner is gone")
    assert "1 series are no longer named" in said("past", rule)


def said(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["intake", "rules", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout
