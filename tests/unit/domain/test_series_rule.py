"""A local rule names only what is in doubt, by the same protocol, timing and doubt, and never against the physics."""

from dataclasses import replace

import pytest

from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.series_rule import Effect, RuleState, SeriesRule, doubt, ruled, unruled
from idh_tasks.domain.study import Identification, Ruled, SeriesPhysics

EVIDENCE = "TE 10 ms, TR 600 ms → T1; spin echo, short TR and TE; name says T2"
PHYSICS = SeriesPhysics(600.0, 10.0, 0.0, frozenset({MrSequence.T1, MrSequence.OTHER}))
LOW = Identification(MrSequence.T1, Confidence.LOW, EVIDENCE)
RULE = SeriesRule(3, "token", doubt(EVIDENCE), MrSequence.T1, 600.0, 10.0, 0.0, "mary", RuleState.ACTIVE)


def test_a_rule_names_a_series_and_keeps_what_was_concluded() -> None:
    named = ruled(LOW, "token", PHYSICS, [RULE])
    assert (named.sequence, named.confidence, named.ruled) == ("T1", "high", Ruled(3, MrSequence.T1))
    assert named.evidence == f"{EVIDENCE}; local rule 3 (mary) named it T1"
    assert unruled(named) == LOW
    assert unruled(LOW) == LOW


def test_the_doubt_has_words_but_no_numbers_of_the_series() -> None:
    echo_planar = "TE 30 ms → DSC; gradient-echo echo-planar, {} time points; a 3D T1 by {} min"
    assert doubt(echo_planar.format(45, 3.5)) == doubt(echo_planar.format(60, 12.1))
    assert doubt("→ T1; name says T2".replace("→", " → ")) != doubt(" → T1; name says T1")


@pytest.mark.parametrize(
    ("one", "token", "physics"),
    [
        (replace(LOW, confidence=Confidence.HIGH), "token", PHYSICS),
        (replace(LOW, evidence=f"{EVIDENCE}; the header denies an agent"), "token", PHYSICS),
        (LOW, "another", PHYSICS),
        (LOW, "", PHYSICS),
        (LOW, "token", replace(PHYSICS, tr=680.0)),
        (LOW, "token", replace(PHYSICS, te=12.0)),
        (LOW, "token", replace(PHYSICS, ti=900.0)),
        (LOW, "token", replace(PHYSICS, permitted=frozenset({MrSequence.T2}))),
    ],
    ids=["sure", "another doubt", "another protocol", "no protocol", "TR", "TE", "TI", "physics excludes it"],
)
def test_everything_else_stays_as_it_was_concluded(one: Identification, token: str, physics: SeriesPhysics) -> None:
    assert ruled(one, token, physics, [RULE]) is one


def test_the_timing_may_differ_a_little() -> None:
    assert RULE.concerns("token", replace(PHYSICS, tr=640.0, te=10.4))


def test_a_rule_without_a_protocol_concerns_nothing() -> None:
    assert not replace(RULE, protocol="").concerns("", PHYSICS)


def test_two_rules_that_no_series_can_meet_at_once_do_not_overlap() -> None:
    assert RULE.overlaps(replace(RULE, tr=700.0, sequence=MrSequence.OTHER)), "a series of 650 ms would meet both"
    assert not RULE.overlaps(replace(RULE, tr=800.0))
    assert not RULE.overlaps(replace(RULE, doubt="another"))


@pytest.mark.parametrize(
    ("one", "effect"),
    [
        (LOW, Effect.NAMED),
        (replace(LOW, evidence=" → T1; another doubt"), Effect.ASKED),
        (replace(LOW, confidence=Confidence.HIGH), Effect.AGREES),
        (replace(LOW, confidence=Confidence.HIGH, sequence=MrSequence.T2), Effect.DISAGREES),
        (ruled(LOW, "token", PHYSICS, [RULE]), Effect.IN_FORCE),
    ],
)
def test_the_effect_on_a_stored_series(one: Identification, effect: Effect) -> None:
    assert RULE.effect(one, "token", PHYSICS) is effect
