"""Work is cut into a bounded number of batches."""

import pytest

from idh_tasks.pipelines.batches import MAX_BATCHES, cut


def test_no_ids_give_no_batch() -> None:
    assert cut([]) == []


@pytest.mark.parametrize("count", [1, 3, 4, 5, 255, 256, 257, 10_000])
def test_every_id_is_in_one_batch_and_the_number_of_batches_is_bounded(count: int) -> None:
    ids = [f"id{number}" for number in range(count)]

    batches = cut(ids, size=4)

    assert [i for batch in batches for i in batch["ids"]] == ids
    assert len(batches) <= MAX_BATCHES


def test_a_label_gives_the_number_of_the_batch_and_of_all_batches() -> None:
    assert [batch["label"] for batch in cut(["a", "b", "c"], size=2)] == ["1 of 2 · 2 studies", "2 of 2 · 1 studies"]
