"""Keys consist of ids of the platform and are the same for the same inputs."""

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.store import keys


def test_a_digest_depends_on_every_part_and_their_order() -> None:
    assert keys.digest("a", "b") == keys.digest("a", "b")
    assert len({keys.digest("a", "b"), keys.digest("b", "a"), keys.digest("ab"), keys.digest("a", "b", "")}) == 4


def test_a_patch_key_contains_the_hash_of_its_inputs() -> None:
    assert keys.patch("study", "hash", MrSequence.T1) == "patches/study/T1-hash.npy"
