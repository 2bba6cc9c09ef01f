"""Decodes text files: UTF-8 and UTF-16, the stated code page, or what every plausible code page reads alike."""

import codecs
import re
from typing import get_args

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import CodePage
from idh_tasks.errors import FileHeldError

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd-\uffff]")
"""Control characters, and what decoders put in the place of bytes that they cannot read."""
LOWER, UPPER = "àáâãäåæçèéêëìíîïñòóôöøùúûüýœšžÿß", "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÖØÙÚÛÜÝÞŒŠŽŸ"
"""Letters of the five languages, and those of names that one code page would turn into a letter of these languages."""
LETTERS = f"A-Za-z{LOWER}{UPPER}"
WITHIN_WORDS, BESIDE_WORDS = "’‘´–—…•·", "“”„«»¿¡§°ºªµ²³¹±×÷½¼¾€£®©™†"
PLAUSIBLE = re.compile(rf"[\x00-\x7f\xa0{LOWER}{UPPER}{WITHIN_WORDS}{BESIDE_WORDS}]*")
IMPLAUSIBLE = re.compile(rf"[{LETTERS}][{BESIDE_WORDS}][{LETTERS}]|[a-z{LOWER}][{UPPER}]")
"""A symbol inside a word, and a capital letter with an accent after a small letter, show the wrong code page."""


def decode(content: bytes, code_page: CodePage | None = None) -> str:
    """Return the text of a file.

    Parameters
    ----------
    code_page
        The encoding of files that are neither UTF-8 nor UTF-16. Without it, such a file is read only if every code
        page in which it makes sense gives the same text.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` with the line of the first byte or character that cannot be read.
    """
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or content.startswith(UTF_32):
            raise _held("the text is damaged", content[: error.start].count(b"\n")) from None
        text = _by_code_page(content, code_page, content[: error.start].count(b"\n"))
    if found := CONTROL.search(text):
        raise _held("there is a control character, or a character that could not be decoded", _lines(text, found))
    if _is_encoded_twice(text):
        raise _held("the text has been encoded twice", 0)
    return text


def _by_code_page(content: bytes, stated: CodePage | None, line_breaks: int) -> str:
    pages: tuple[CodePage, ...] = (stated,) if stated else get_args(CodePage)
    texts = {text for page in pages if (text := _plausible(content, page)) is not None}
    if len(texts) != 1:
        reason = (
            f"the text is not in UTF-8, and makes no sense in {stated}"
            if stated
            else "the text is not in UTF-8, and its code page is not clear; set IDH_LINKAGE__ENCODING"
        )
        raise _held(reason, line_breaks)
    return texts.pop()


def _plausible(content: bytes, code_page: CodePage) -> str | None:
    try:
        text = content.decode(code_page)
    except UnicodeDecodeError:
        return None
    return text if PLAUSIBLE.fullmatch(text) and not IMPLAUSIBLE.search(text) else None


def _is_encoded_twice(text: str) -> bool:
    """Return whether UTF-8 was read as cp1252 and written as UTF-8 again."""
    try:
        return not text.isascii() and text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False


def _lines(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start())


def _held(reason: str, line_breaks: int) -> FileHeldError:
    return FileHeldError(Code.E_FEED_FORMAT, reason, line_breaks + 1)
