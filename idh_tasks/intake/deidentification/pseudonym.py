"""Keyed pseudonyms: the same identifier gives the same key, which cannot be traced back without the secret."""

import hashlib
import hmac
import unicodedata
from datetime import date, timedelta

from idh_tasks.codes import Code
from idh_tasks.domain.study import PatientKey, SeriesId, StudyId
from idh_tasks.errors import RunRefusedError
from idh_tasks.settings import IdentifierRule

MIN_SECRET_LENGTH = 32
MAX_SHIFT_DAYS = 365


def normalise_identifier(text: str, rule: IdentifierRule = IdentifierRule()) -> str:  # noqa: B008 - it is frozen
    """Return an identifier without blanks, in upper case; the rule may drop leading zeros and check digits."""
    plain = "".join(unicodedata.normalize("NFKC", text).upper().split())
    if rule.leading_zeros:
        plain = plain.lstrip("0") or plain
    return plain[: -rule.check_digits] if 0 < rule.check_digits < len(plain) else plain


class Pseudonymiser:
    """Derives every pseudonym from one secret of the installation.

    Raises
    ------
    RunRefusedError
        ``E_KEY`` if the secret is missing or short.
    """

    def __init__(self, secret: str, rule: IdentifierRule = IdentifierRule()) -> None:  # noqa: B008 - it is frozen
        if len(secret) < MIN_SECRET_LENGTH:
            raise RunRefusedError(Code.E_KEY, "the pseudonym key is missing or too short; set it once and keep it")
        self._secret = secret.encode()
        self._rule = rule

    def fingerprint(self) -> str:
        """Return a hash that distinguishes this secret from others without revealing it."""
        return self._mac("fingerprint").hexdigest()

    def token(self, purpose: str, *parts: str) -> str:
        """Return 24 hexadecimal digits for the parts, different for each purpose."""
        return self._mac(purpose, *parts).hexdigest()[:24]

    def patient(self, issuer: str, identifier: str) -> PatientKey:
        """Return the key of a patient, by issuer and identifier."""
        identifier = normalise_identifier(identifier, self._rule)
        return PatientKey(self.token("patient", normalise_identifier(issuer), identifier))

    def study(self, uid: str) -> StudyId:
        """Return our id of a study."""
        return StudyId(self.token("study", uid))

    def series(self, uid: str) -> SeriesId:
        """Return our id of a series."""
        return SeriesId(self.token("series", uid))

    def uid(self, uid: str) -> str:
        """Return the replacement of a UID, derived from a UUID (PS3.5 B.2)."""
        return f"2.25.{int.from_bytes(self._mac('uid', uid).digest()[:16])}"

    def shift_days(self, patient: PatientKey) -> int:
        """Return the number of days by which the dates of a patient are moved back."""
        number = int.from_bytes(self._mac("date shift", patient).digest()[:4])
        return 1 + number % MAX_SHIFT_DAYS

    def shifted(self, patient: PatientKey, day: date) -> date:
        """Move a date back by a constant of the patient, so that intervals are preserved."""
        return day - timedelta(days=self.shift_days(patient))

    def _mac(self, purpose: str, *parts: str) -> "hmac.HMAC":
        return hmac.new(self._secret, "\x1f".join((purpose, *parts)).encode(), hashlib.sha256)
