"""Fields of a segment as the parser splits them, with escape sequences decoded (HL7 2.5 and 2.7)."""

import re
from dataclasses import dataclass

import hl7

from idh_tasks.linkage.feed.decoding import DecodingError, decode
from idh_tasks.linkage.feed.hl7_v2.held import hold

ESCAPE = re.compile(r"[HNFSTRE]|\.(?:br|fi|nf|ce|(?:sp|sk|in|ti)(?:[+-]?\d{1,2})?)|X(?:[0-9A-Fa-f]{2})+")
"""Sequences of 2.7 that have one meaning; those that switch character sets or are agreed locally are not read."""
HIGHLIGHT = {"H": "", "N": ""}
NULL = '""'
"""A value that is known to be empty (2.5.3)."""


@dataclass(frozen=True)
class Value:
    """One repetition of a field.

    Parameters
    ----------
    parts
        Components, each with its subcomponents.
    text
        The repetition as it is written, for types in which the component separator is text.
    """

    text: str = ""
    parts: tuple[tuple[str, ...], ...] = ()

    def component(self, number: int) -> str:
        """Return the first subcomponent of a component, counted from 1; empty if there is none."""
        return self.parts[number - 1][0] if number <= len(self.parts) else ""

    def subcomponents(self, number: int) -> tuple[str, ...]:
        """Return the subcomponents of a component, counted from 1."""
        return self.parts[number - 1] if number <= len(self.parts) else ()


@dataclass(frozen=True)
class Segment:
    """A segment with its line in the file and the character set of its message."""

    line: int
    parsed: hl7.Segment
    charset: str = ""

    @property
    def name(self) -> str:
        """Return the name of the segment, such as OBX."""
        return str(self.parsed[0])

    def values(self, field: int) -> tuple[Value, ...]:
        """Return the repetitions of a field, counted from 1.

        Raises
        ------
        FileHeldError
            ``E_FEED_FORMAT`` if an escape sequence is unknown or not closed.
        """
        repetitions = self.parsed[field] if field < len(self.parsed) else ()
        return tuple(self._value(repetition) for repetition in repetitions)

    def first(self, field: int) -> Value:
        """Return the first repetition of a field."""
        return next(iter(self.values(field)), Value())

    def text(self, field: int, component: int = 1) -> str:
        """Return one component of the first repetition of a field."""
        return self.first(field).component(component)

    def __repr__(self) -> str:
        return f"Segment({self.name}, line {self.line})"

    def _value(self, repetition: hl7.Repetition | str) -> Value:
        components = [repetition] if isinstance(repetition, str) else list(repetition)
        parts = tuple(
            tuple(self._decoded(str(part)) for part in ([component] if isinstance(component, str) else component))
            for component in components
        )
        return Value(self._decoded(str(repetition)), parts)

    def _decoded(self, text: str) -> str:
        if text.strip() == NULL:
            return ""
        escape = str(self.parsed.esc)
        if escape not in text:
            return text.strip()
        sequences = text.split(escape)[1::2]
        if text.count(escape) % 2 or not all(map(ESCAPE.fullmatch, sequences)):
            hold("a value has an escape sequence that is unknown or not closed", self.line)
        characters = {sequence: self._character(sequence) for sequence in sequences if sequence.startswith("X")}
        return str(hl7.util.unescape(self.parsed, text, HIGHLIGHT | characters)).strip()

    def _character(self, sequence: str) -> str:
        try:
            return decode(bytes.fromhex(sequence[1:]), self.charset)
        except DecodingError as error:
            hold(str(error), self.line)
