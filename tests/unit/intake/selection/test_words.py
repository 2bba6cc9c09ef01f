"""A table of words: what it may contain, and how a hospital's own one prevails."""

from pathlib import Path

import pytest

from idh_tasks.configuration.problems import problems
from idh_tasks.domain.words import Choice, TextField, read_rules, words_of
from idh_tasks.intake.selection.filters import Filters, filters
from idh_tasks.intake.selection.studies import judge_texts
from idh_tasks.settings import IntakeSettings

HEAD = "decision,kind,field,words\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MRT Schädel/HWS", ("mrt", "schadel", "hws")),
        ("Fuß_li.", ("fuss", "li")),
        ("BrainRoutine", ("brain", "routine")),
        ("IRM du crâne", ("irm", "du", "crane")),
    ],
)
def test_words_have_small_letters_and_no_accents(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("words\nhead\n", "line 1"),
        (f"{HEAD}include,head,text\n", "line 2"),
        (f"{HEAD}include,head,text,head\ntake,head,text,head\n", "line 3"),
        (f"{HEAD}include,Zebedee!,text,head\n", "line 2"),
        (f"{HEAD}include,head,body,head\n", "line 2"),
        (f"{HEAD}include,head,text,Schädel\n", "line 2"),
        (f"{HEAD}include,head,text,he*ad\n", "line 2"),
        (f"{HEAD}include,head,text,head|\n", "line 2"),
        ("", "line 1"),
    ],
)
def test_a_table_that_is_not_understood_is_refused_with_the_line(table: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_rules(table)


def test_a_table_that_is_not_understood_is_named_at_start(tmp_path: Path) -> None:
    table = tmp_path / "words.csv"
    table.write_text(f"{HEAD}include,head,text,head\ntake,head,text,head\n")
    [sentence] = problems({"IDH_INTAKE__STUDY_WORDS": str(table)})
    assert sentence.startswith("IDH_INTAKE__STUDY_WORDS is '")
    assert sentence.endswith(
        "it must be a table of words (docs/connect.md) that this process can read: "
        "line 3: decision, kind or field is not understood."
    )
    table.write_text(f"{HEAD}include,head,text,head\n")
    assert problems({"IDH_INTAKE__STUDY_WORDS": str(table)}) == []


@pytest.fixture
def own(tmp_path: Path) -> Path:
    table = tmp_path / "words.csv"
    table.write_text(f"{HEAD}include,head,text,sms plus\nexclude,trial,text,brain\nexclude,trial,station,mobile*\n")
    return table


def choice(text: str, rules: Filters) -> Choice:
    return judge_texts([text], [], rules.studies).choice


def test_the_words_of_a_hospital_are_added_and_prevail(own: Path) -> None:
    rules = filters(IntakeSettings(study_words=own))
    assert choice("SMS plus", rules) is Choice.INCLUDE
    assert choice("Brain", rules) is Choice.EXCLUDE
    assert choice("MRT Knie", rules) is Choice.EXCLUDE
    assert choice("cMRT", rules) is Choice.INCLUDE


def test_the_words_of_a_hospital_may_replace_all_others(own: Path) -> None:
    rules = filters(IntakeSettings(study_words=own, words="replace"))
    assert choice("SMS plus", rules) is Choice.INCLUDE
    assert choice("cMRT", rules) is Choice.ASK


def test_another_table_or_limit_is_another_version(own: Path) -> None:
    settings = (IntakeSettings(), IntakeSettings(study_words=own), IntakeSettings(min_age=18))
    assert len({filters(one).version for one in settings}) == 3


def test_the_longest_phrase_takes_its_words() -> None:
    table = filters(IntakeSettings()).studies
    assert [rule.phrase for rule in table.find("Femoral head")] == ["femoral head*"]
    assert [rule.phrase for rule in table.find("70553", TextField.CODE)] == ["70553"]
