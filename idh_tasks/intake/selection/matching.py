"""Finds the phrases of a table in a text: whole words, the longest phrase first."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

from idh_tasks.domain.words import Choice, TextField, WordRule, words_of

CACHED_TEXTS = 50_000
"""An archive repeats the same few thousand descriptions."""

_Phrases = dict[int, tuple[dict[tuple[str, ...], WordRule], list[tuple[re.Pattern[str], WordRule]]]]


class WordTable:
    """The rules of a table, ready for search."""

    def __init__(self, rules: Iterable[WordRule]) -> None:
        self.rules = tuple(rules)
        self.find = lru_cache(CACHED_TEXTS)(self._find)

    @cached_property
    def _phrases(self) -> dict[TextField, _Phrases]:
        phrases: dict[TextField, _Phrases] = defaultdict(lambda: defaultdict(lambda: ({}, [])))
        for rule in sorted(self.rules, key=_rank):
            exact, patterns = phrases[rule.field][len(rule.words)]
            if "*" in rule.phrase:
                patterns.append((_pattern(rule.words), rule))
            else:
                exact.setdefault(rule.words, rule)
        return phrases

    def _find(self, text: str, field: TextField = TextField.TEXT) -> tuple[WordRule, ...]:
        """Return the rules whose phrases a text has; a word belongs to one phrase, the longest one."""
        return tuple(self._found(words_of(text), field))

    def _found(self, words: Sequence[str], field: TextField) -> Iterator[WordRule]:
        phrases, free = self._phrases[field], [True] * len(words)
        for length in sorted(phrases, reverse=True):
            for start in range(len(words) - length + 1):
                span = slice(start, start + length)
                rule = _rule(phrases[length], tuple(words[span])) if all(free[span]) else None
                if rule is not None:
                    free[span] = [False] * length
                    yield rule

    def is_restricted_to(self, field: TextField) -> bool:
        """Return whether the table includes by this field, so that everything else of it is excluded."""
        return any(rule.field is field and rule.choice is Choice.INCLUDE for rule in self.rules)


def _rank(rule: WordRule) -> tuple[int, int]:
    """Return the key that puts inclusion first, and the more exact phrase."""
    return list(Choice).index(rule.choice), -len(rule.phrase)


def _rule(
    phrases: tuple[dict[tuple[str, ...], WordRule], list[tuple[re.Pattern[str], WordRule]]], words: tuple[str, ...]
) -> WordRule | None:
    exact, patterns = phrases
    if words in exact:
        return exact[words]
    text = " ".join(words)
    return next((rule for pattern, rule in patterns if pattern.fullmatch(text)), None)


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(" ".join(re.escape(word).replace(r"\*", "[a-z0-9]*") for word in words))
