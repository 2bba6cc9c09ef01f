"""An answer that two patients with the same image are different is bound to both patients and all their patches."""

from datetime import UTC, datetime, timedelta

from idh_tasks.domain.learning import Twins
from idh_tasks.domain.same_image import ToldApart, evidence_of, subject_of

CONTENTS = {"a": "images of a", "b": "images of b", "c": "images of c"}
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_the_subject_is_the_same_whichever_patient_was_found_first() -> None:
    assert subject_of(Twins("b", "a", 0.9)) == subject_of(Twins("a", "b", 0.8)) == "a b"


def test_the_evidence_changes_with_the_images_of_either_patient_and_of_nobody_else() -> None:
    before = evidence_of("a b", CONTENTS)
    assert evidence_of("a b", CONTENTS | {"c": "others"}) == before
    assert before not in {evidence_of("a b", CONTENTS | {patient: "others"}) for patient in ("a", "b")}


def test_there_is_no_evidence_about_a_pair_one_of_whom_is_not_in_the_dataset() -> None:
    assert evidence_of("a d", CONTENTS) is None


def test_an_answer_that_was_given_again_is_another_one() -> None:
    first, again = (ToldApart("q", "a b", "e", NOW + timedelta(seconds=s)) for s in (0, 1))
    assert first.token != again.token
    assert first.token == ToldApart("q", "a b", "e", NOW.astimezone()).token
