"""Decodes text by the character set that its sender declares (HL7 table 0211); a broken character is refused."""

import re

PARTS = (*range(1, 12), 13, 14, 15)
CODECS = (
    {"ASCII": "ascii", "ISO IR6": "ascii", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8"}
    | {f"8859/{part}": f"iso8859-{part}" for part in PARTS}
    | {f"ISO-8859-{part}": f"iso8859-{part}" for part in PARTS}
    | {"GB 18030-2000": "gb18030", "BIG-5": "big5", "KS X 1001": "euc_kr"}
)
"""Names of table 0211, and two spellings that are no less clear; none of them shifts its state by escape sequences."""
BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffd]")
"""Control characters and replacement characters: where one appears, the text was decoded wrongly or damaged before."""


class DecodingError(ValueError):
    """Bytes that are not text in the declared character set; the message quotes none of them."""


def decode(content: bytes, declared: str = "") -> str:
    """Return the text of bytes.

    Parameters
    ----------
    declared
        Name of the character set; empty means UTF-8, or Latin-1 if it is not valid UTF-8.

    Raises
    ------
    DecodingError
        If the name is unknown, or if the bytes are not text in this character set.
    """
    text = _decoded(content, declared.strip().upper())
    if BROKEN.search(text):
        raise DecodingError("a character is broken; the file is not in the character set that it declares")
    return text


def _decoded(content: bytes, name: str) -> str:
    if name and name not in CODECS:
        raise DecodingError("the declared character set is unknown")
    codec = CODECS.get(name, "utf-8" if _is_utf8(content) else "latin-1")
    if codec.startswith("iso8859") and not content.isascii() and _is_utf8(content):
        raise DecodingError("the text is UTF-8, but another character set is declared")
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        raise DecodingError("the text is not in the declared character set") from None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
