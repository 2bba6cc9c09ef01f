"""Encrypts files that identify a patient: quarantined instances, and originals where a hospital keeps them."""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Vault:
    """Authenticated encryption with a key derived from the secret of the installation (RFC 5869)."""

    def __init__(self, secret: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"idh vault").derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, content: bytes) -> bytes:
        """Return the encrypted content."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """Return the decrypted content.

        Raises
        ------
        cryptography.fernet.InvalidToken
            If the content was altered or encrypted with another key.
        """
        return self._fernet.decrypt(sealed)
