"""The vault needs a secret."""

import pytest

from idh_tasks.errors import RunRefusedError
from idh_tasks.store.vault import Vault


def test_without_a_secret_nothing_is_encrypted() -> None:
    with pytest.raises(RunRefusedError, match="E_KEY"):
        Vault("")


def test_what_is_encrypted_is_decrypted_with_the_same_secret() -> None:
    sealed = Vault("a secret").seal(b"content")
    assert b"content" not in sealed
    assert Vault("a secret").open(sealed) == b"content"
