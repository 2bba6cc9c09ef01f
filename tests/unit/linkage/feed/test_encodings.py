"""A text file is read as it was written, or held: a letter never becomes another one."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.pathology import CodePage
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.encodings import decode

SENTENCES = (
    "Glioblastom IDH1-Färbung: keine Mutation, größer für Übergröße Ödem Zellkerne – „negativ“ geprüft Maß überprüft",
    "coloration immunohistochimique négative de l’IDH1, mutation détectée à l'étage être même ça œdème cœur «positif»",
    "mutación detectada está análisis inmunohistoquímica ¿negativa? niño señal tumoración única óseo",
    "immunoistochimica negativa è già perché più può città mutazione rilevata sì età",
    "§ 5 37 °C 10 µm cm² cm³ ± ½ 3×5 Nº 5 ª Müller Ångström Bjørn Šimek João Señor Größe ÜBER ÄRZTE ÉTAT",
)
WORDS = [word for sentence in SENTENCES for word in sentence.split()]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
PAGES: list[CodePage] = ["cp1252", "iso8859-1", "iso8859-15", "cp850", "cp437", "mac-roman"]


def read(content: bytes, stated: CodePage | None = None) -> str | None:
    """Return what is read, or None if the file is held."""
    try:
        return decode(content, stated)
    except FileHeldError:
        return None


@given(TEXTS, st.sampled_from(PAGES))
def test_a_text_in_a_code_page_is_read_as_it_was_written_or_held(text: str, page: CodePage) -> None:
    content = text.encode(page, errors="ignore")
    assert read(content) in (content.decode(page), None)


@given(TEXTS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_unicode_is_read(text: str, encoding: str) -> None:
    assert read(text.encode(encoding)) == text


@given(TEXTS)
def test_utf16_without_its_mark_is_held(text: str) -> None:
    assert read(text.encode("utf-16-le")) is None
    assert read(codecs.BOM_UTF32_LE + text.encode("utf-32-le")) is None


@given(TEXTS, st.sampled_from(PAGES), st.sampled_from(PAGES))
def test_the_stated_code_page_is_used_or_makes_no_sense(text: str, written: CodePage, stated: CodePage) -> None:
    content = text.encode(written, errors="ignore")
    assert read(content, stated) in (content.decode(stated, errors="replace"), None)


@given(TEXTS.filter(lambda text: not text.isascii()))
def test_a_text_encoded_twice_is_held(text: str) -> None:
    twice = text.encode().decode("cp1252", errors="ignore").encode()
    if len(twice.decode()) == len(text.encode()):
        assert read(twice) is None


@pytest.mark.parametrize(
    ("text", "page"), [("IDH1-Färbung für Größe", "cp1252"), ("Glioblastom ä", "iso8859-1"), ("mutación", "cp1252")]
)
def test_usual_words_in_the_code_page_of_windows_are_recognised(text: str, page: str) -> None:
    assert read(text.encode(page)) == text


def test_one_letter_that_two_code_pages_read_differently_is_held_unless_the_page_is_stated() -> None:
    content = "IDH1 R132H F\x84rbung".encode("latin-1")
    assert read(content) is None
    assert read(content, "cp850") == "IDH1 R132H Färbung"
    assert read(content, "cp1252") is None


@pytest.mark.parametrize("content", [b"a\nb\x00c", b"a\nb\x1bc", "a\nb\x85".encode(), "a\nb\ufffd".encode()])
def test_a_control_character_is_held_with_its_line(content: bytes) -> None:
    with pytest.raises(FileHeldError) as caught:
        decode(content)
    assert caught.value.line == 2
