"""Patches are packed into shards of a fixed size, named by what they hold, and read back as they were."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from idh_tasks.db.shards import Place, Shard
from idh_tasks.domain.learning import Member
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import IdhError
from idh_tasks.pipelines.train import packing
from idh_tasks.pipelines.train.dataset_arrays import fetched, pieces
from idh_tasks.store.arrays import array_bytes, read_array
from tests.memory_store import MemoryStore

SIZE = 8


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    monkeypatch.setattr(packing, "SHARD", 4)
    return MemoryStore()


def member(store: MemoryStore, number: int, sequence: MrSequence = MrSequence.T1) -> Member:
    """Store a patch of random numbers; patients are numbered backwards, so that order is by key and not by luck."""
    patch = np.random.default_rng(number).standard_normal((SIZE, SIZE)).astype(np.float32)
    key = f"patches/{sequence}-{number}"
    return Member(
        f"p{999 - number}", sequence, f"{sequence}{number}", key, store.put(key, array_bytes(patch)), True, "r", 1
    )


def packed(store: MemoryStore, members: Sequence[Member]) -> dict[Shard, Sequence[Member]]:
    shards = {}
    for shard, own, content in packing.packed(store, members):
        store.put(shard.object_key, content)
        shards[shard] = own
    return shards


def places(shards: dict[Shard, Sequence[Member]]) -> list[Place]:
    return [
        Place(m.patch_id, shard.object_key, shard.sha256, number)
        for shard, own in shards.items()
        for number, m in enumerate(own)
    ]


def test_shards_have_a_fixed_number_of_patches_of_one_sequence(store: MemoryStore) -> None:
    members = [member(store, n, sequence) for sequence in (MrSequence.T1, MrSequence.T2) for n in range(6)]
    shards = packed(store, members)
    assert sorted((shard.sequence, len(own)) for shard, own in shards.items()) == [
        (MrSequence.T1, 2), (MrSequence.T1, 4), (MrSequence.T2, 2), (MrSequence.T2, 4),
    ]  # fmt: skip
    assert sorted(m.patch_id for own in shards.values() for m in own) == sorted(m.patch_id for m in members)


def test_the_same_patches_have_the_same_shards_in_whatever_order_they_come(store: MemoryStore) -> None:
    members = [member(store, n) for n in range(6)]
    assert packed(store, members) == packed(store, members[::-1])


def test_another_patch_gives_its_shard_another_key_and_no_other(store: MemoryStore) -> None:
    members = [member(store, n) for n in range(6)]
    before = packed(store, members)
    after = packed(store, [*members[1:], member(store, 7)])
    assert len({shard.object_key for shard in (*before, *after)}) == 4
    kept = packed(store, sorted(members, key=lambda m: m.patient_key)[:4])
    assert set(kept) < set(before)


def test_a_patch_that_is_not_the_one_that_was_cut_is_refused(store: MemoryStore) -> None:
    members = [member(store, n) for n in range(6)]
    store.put(members[3].object_key, b"other pixels")
    with pytest.raises(IdhError, match="E_HASH"):
        packed(store, members)


def test_patches_come_back_as_they_were_from_shards_of_several_packings(store: MemoryStore, tmp_path: Path) -> None:
    members = [member(store, n) for n in range(11)]
    stored = places(packed(store, members[:6]) | packed(store, members[6:]))
    store.reads.clear()
    file = fetched(store, pieces(members, stored), tmp_path)
    expected = np.stack([read_array(store.objects[m.object_key]) for m in members])
    np.testing.assert_array_equal(file[np.arange(len(members))], expected)
    assert store.reads == dict.fromkeys({place.object_key for place in stored}, 1)


def test_a_patch_whose_shard_was_erased_is_read_by_itself(store: MemoryStore, tmp_path: Path) -> None:
    members = [member(store, n) for n in range(6)]
    kept = [place for place in places(packed(store, members)) if place.place < 2]
    file = fetched(store, pieces(members, kept), tmp_path)
    expected = np.stack([read_array(store.objects[m.object_key]) for m in members])
    np.testing.assert_array_equal(file[np.arange(len(members))], expected)


def test_a_shard_that_has_changed_is_refused(store: MemoryStore, tmp_path: Path) -> None:
    members = [member(store, n) for n in range(6)]
    stored = places(packed(store, members))
    store.put(stored[0].object_key, b"other pixels")
    with pytest.raises(IdhError, match="E_HASH"):
        fetched(store, pieces(members, stored), tmp_path)
