"""Work is cut into batches whose number is bounded."""

import pytest

from idh_tasks.pipelines.batches import MAX_BATCHES, cut


def test_nothing_gives_no_batch() -> None:
    assert cut([]) == []


@pytest.mark.parametrize("count", [1, 3, 4, 5, 255, 256, 257, 10_000])
def test_every_id_is_in_one_batch_and_batches_are_few(count: int) -> None:
    ids = [f"id{number}" for number in range(count)]

    batches = cut(ids, size=4)

    assert [i for batch in batches for i in batch["ids"]] == ids
    assert len(batches) <= MAX_BATCHES


def test_a_label_says_which_of_how_many() -> None:
    assert [batch["label"] for batch in cut(["a", "b", "c"], size=2)] == ["1 of 2 · 2 studies", "2 of 2 · 1 studies"]
