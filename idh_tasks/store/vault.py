"""Encrypts files that identify a patient: quarantined instances, and originals where a hospital keeps them."""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError


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
