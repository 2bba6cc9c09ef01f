"""The vault needs a secret."""

import base64
import os
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idh_tasks.domain.chunks import CHUNK_BYTES
from idh_tasks.errors import RunRefusedError
from idh_tasks.store.vault import Vault


def test_without_a_secret_nothing_is_encrypted() -> None:
    with pytest.raises(RunRefusedError, match="E_KEY"):
        Vault("")


def test_what_is_encrypted_is_decrypted_with_the_same_secret() -> None:
    sealed = Vault("a secret").seal(b"content")
    assert b"content" not in sealed
    assert Vault("a secret").open(sealed) == b"content"


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_content_of_any_size_is_encrypted_chunk_by_chunk(size: int) -> None:
    content = os.urandom(size)
    assert Vault("a secret").open(Vault("a secret").seal(content)) == content


def test_what_an_earlier_version_encrypted_is_still_decrypted() -> None:
    key = HKDF(SHA256(), 32, salt=None, info=b"idh vault").derive(b"a secret")
    sealed = Fernet(base64.urlsafe_b64encode(key)).encrypt(b"content")
    assert Vault("a secret").open(sealed) == b"content"


STEP = CHUNK_BYTES + 16


@pytest.mark.parametrize(
    "altered",
    [
        lambda sealed: sealed[:-STEP],
        lambda sealed: sealed[:25] + sealed[25 + STEP :],
        lambda sealed: (
            sealed[:25] + sealed[25 + STEP : 25 + 2 * STEP] + sealed[25 : 25 + STEP] + sealed[25 + 2 * STEP :]
        ),
        lambda sealed: sealed + sealed[-STEP:],
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: sealed[:10] + bytes([sealed[10] ^ 1]) + sealed[11:],
    ],
    ids=["end left out", "start left out", "twice", "added", "changed", "other salt"],
)
def test_altered_content_is_not_decrypted(altered: Callable[[bytes], bytes]) -> None:
    sealed = Vault("a secret").seal(os.urandom(3 * CHUNK_BYTES))
    with pytest.raises(InvalidTag):
        Vault("a secret").open(altered(sealed))
