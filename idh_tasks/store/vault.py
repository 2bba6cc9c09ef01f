"""Encrypts files that identify a patient: quarantined instances, and originals where a hospital keeps them."""

import base64
import os
import struct
from collections.abc import Iterable, Iterator

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idh_tasks.codes import Code
from idh_tasks.domain.chunks import CHUNK_BYTES, chunks
from idh_tasks.errors import RunRefusedError

START = b"IDHVAULT2"
"""The first bytes of what is encrypted in chunks; Fernet's, which earlier versions wrote, are others."""
SALT_BYTES, TAG_BYTES = 16, 16
NONCE = struct.Struct(">QI")
"""The number of a chunk, and whether it is the last: none can be left out, moved or added."""


class Vault:
    """Authenticated encryption with a key derived from the secret of the installation (RFC 5869).

    Raises
    ------
    RunRefusedError
        ``E_KEY`` if the secret is empty: anyone could decrypt the content.
    """

    def __init__(self, secret: str) -> None:
        if not secret:
            raise RunRefusedError(Code.E_KEY, "this process has no pseudonym key and must not encrypt anything")
        self._secret = secret.encode()

    def seal(self, content: bytes) -> bytes:
        """Return the encrypted content."""
        return b"".join(self.sealed([content]))

    def sealed(self, content: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the encrypted content piece by piece: a file of any size can be encrypted."""
        salt = os.urandom(SALT_BYTES)
        yield START + salt
        cipher, number, held = AESGCM(self._key(b"idh vault chunks", salt)), 0, b""
        for number, chunk in enumerate(chunks(content)):
            if number:
                yield cipher.encrypt(NONCE.pack(number - 1, 0), held, None)
            held = chunk
        yield cipher.encrypt(NONCE.pack(number, 1), held, None)

    def open(self, sealed: bytes) -> bytes:
        """Return the decrypted content.

        Raises
        ------
        cryptography.fernet.InvalidToken, cryptography.exceptions.InvalidTag
            If the content was altered or encrypted with another key.
        """
        if sealed.startswith(START):
            return b"".join(self._opened(memoryview(sealed)[len(START) :]))
        return Fernet(base64.urlsafe_b64encode(self._key(b"idh vault", None))).decrypt(sealed)

    def _opened(self, sealed: memoryview) -> Iterator[bytes]:
        cipher, body = AESGCM(self._key(b"idh vault chunks", bytes(sealed[:SALT_BYTES]))), sealed[SALT_BYTES:]
        step = CHUNK_BYTES + TAG_BYTES
        count = max(-(-len(body) // step), 1)
        for number in range(count):
            chunk = body[number * step : (number + 1) * step]
            yield cipher.decrypt(NONCE.pack(number, int(number == count - 1)), chunk, None)

    def _key(self, purpose: bytes, salt: bytes | None) -> bytes:
        return HKDF(SHA256(), 32, salt=salt, info=purpose).derive(self._secret)
