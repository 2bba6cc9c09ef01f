"""Finds the resource that a reference names (FHIR R4B 2.3.0, 3.1.6 'Resolving references in bundles')."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from idh_tasks.linkage.feed.fhir.entries import Entry
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError

VERSIONED = re.compile(r"(?P<name>.+)/_history/(?P<version>[^/]+)")
RESTFUL = re.compile(r"(?P<base>https?://.+)/[A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
UNREAD = ("DocumentReference", "ImagingStudy", "Media", "MolecularSequence", "QuestionnaireResponse")
"""What a result may have been derived from, or have as a member, beside Observations."""
DANGLING = "refers to a resource that the file does not contain"
AMBIGUOUS = "several different resources have the same address or id"


@dataclass(frozen=True, eq=False)
class Node:
    """A resource, and the entry in which it stands: a contained resource can be referred to only from there."""

    resource: Any
    entry: Entry

    @property
    def kind(self) -> str:
        """Return the resource type."""
        return str(self.resource.get_resource_type())


class Resources:
    """All resources of a file.

    Entries with the same address and the same content count once; with different content, none of them can be used.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = _distinct(entries)
        self._by_url: dict[str, list[Entry]] = defaultdict(list)
        self._by_name: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            self._by_url[entry.full_url].append(entry)
            self._by_name[f"{entry.kind}/{entry.id}"].append(entry)

    def of_kind(self, kind: str) -> list[Node]:
        """Return the usable resources of a type, in the order of the file, without contained ones."""
        return [Node(e.resource, e) for e in self.entries if e.kind == kind and e.resource is not None]

    def find(self, reference: Any, source: Node, kinds: Sequence[str], column: str) -> Node:
        """Return the resource that a reference of `source` names.

        Raises
        ------
        ResourceRefusedError
            If it is missing, ambiguous, unusable or of another type.
        """
        node = self._found(reference, source, kinds, column)
        if node.kind not in kinds:
            raise ResourceRefusedError(column, f"refers to a {node.kind}, expected {' or '.join(kinds)}")
        return node

    def _found(self, reference: Any, source: Node, kinds: Sequence[str], column: str) -> Node:
        name = reference.reference if reference is not None else None
        if name and name.startswith("#"):
            return _contained(name[1:], source, column)
        if name:
            return _usable(self.named(name, source.entry), column)
        if reference is not None and reference.identifier is not None:
            return _usable(self._identified(reference.identifier, kinds), column)
        raise ResourceRefusedError(column, "a reference is missing")

    def is_unread(self, reference: Any, source: Node) -> bool:
        """Return whether a reference names a resource of a type that is not read, such as a document."""
        name = reference.reference or ""
        stated = {reference.type or "", *re.findall(r"(?:^|/)([A-Z][A-Za-z]+)/", name)} & set(UNREAD)
        found = [] if not name or name.startswith("#") else self.named(name, source.entry)
        return bool(stated) or (bool(found) and all(not e.fault and e.resource is None for e in found))

    def named(self, name: str, source: Entry) -> list[Entry]:
        """Return the entries that a literal reference in `source` may mean; a versioned one means that version."""
        versioned = VERSIONED.fullmatch(name)
        plain = versioned["name"] if versioned else name
        found = self._by_url[plain] if ":" in plain else self._relative(plain, source)
        return [entry for entry in found if versioned is None or _version(entry) in ("", versioned["version"])]

    def _relative(self, name: str, source: Entry) -> list[Entry]:
        """Return the resource on the server of the source; one without a server's address is found by its id."""
        restful = RESTFUL.fullmatch(source.full_url)
        if restful and (found := self._by_url[f"{restful['base']}/{name}"]):
            return found
        return [e for e in self._by_name[name] if restful is None or not RESTFUL.fullmatch(e.full_url)]

    def _identified(self, identifier: Any, kinds: Sequence[str]) -> list[Entry]:
        candidates = [e for e in self.entries if e.kind in kinds and e.resource is not None]
        return [e for e in candidates if any(_same(identifier, own) for own in e.resource.identifier or ())]


def is_same(one: Any, other: Any) -> bool:
    """Return whether two resources are one, or share an identifier: contained ones are repeated in each resource."""
    return one is other or any(_same(mine, its) for mine in one.identifier or () for its in other.identifier or ())


def _same(one: Any, other: Any) -> bool:
    return bool(one.value) and (one.system, one.value) == (other.system, other.value)


def _version(entry: Entry) -> str:
    return str((entry.raw.get("meta") or {}).get("versionId", ""))


def _contained(name: str, source: Node, column: str) -> Node:
    root = source.entry.resource
    found = [one for one in (root, *(root.contained or ())) if one.id == name or (one is root and not name)]
    if len(found) != 1:
        raise ResourceRefusedError(column, DANGLING if not found else AMBIGUOUS)
    return Node(found[0], source.entry)


def _usable(found: Sequence[Entry], column: str) -> Node:
    if len(found) != 1:
        raise ResourceRefusedError(column, AMBIGUOUS if found else DANGLING)
    [entry] = found
    if entry.resource is None:
        raise ResourceRefusedError(column, entry.fault or f"refers to a {entry.kind}, which is not read")
    return Node(entry.resource, entry)


def _distinct(entries: Iterable[Entry]) -> list[Entry]:
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[_address(entry)].append(entry)
    return [one for group in groups.values() for one in _one_or_unusable(group)]


def _address(entry: Entry) -> str:
    return entry.full_url or (f"{entry.kind}/{entry.id}" if entry.id else f"entry {entry.number}")


def _one_or_unusable(group: list[Entry]) -> list[Entry]:
    if len({json.dumps(entry.raw, sort_keys=True) for entry in group}) == 1:
        return group[:1]
    return [replace(entry, resource=None, fault=entry.fault or AMBIGUOUS) for entry in group]
