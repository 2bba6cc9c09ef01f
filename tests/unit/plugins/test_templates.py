"""Each call in a template fits what it calls, whether or not a test renders its branch.

A filter with an argument that Jinja does not have once answered 500 on the first night that reached it.
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from idh_airflow.ui.rendering import ENVIRONMENT, FOLDER
from jinja2 import Environment, nodes
from jinja2.utils import _PassArg

NAMES = sorted(path.name for path in (FOLDER / "templates").glob("*.j2"))
PARTS = "parts"
"""What templates call the macros of parts.html.j2."""
KEYWORDS: Mapping[str, frozenset[str]] = {"map": frozenset({"attribute", "default"})}
TESTS: Mapping[str, int] = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
"""Filters that apply a test, and which of their arguments names it."""


def tree(name: str) -> nodes.Template:
    return ENVIRONMENT.parse((FOLDER / "templates" / name).read_text())


def faults(source: nodes.Template, macros: Mapping[str, nodes.Macro]) -> Iterator[str]:
    """Yield each call of a filter, a test, a function or a macro that cannot work."""
    for node in source.find_all((nodes.Filter, nodes.Test)):
        known: Mapping[str, Any] = ENVIRONMENT.filters if isinstance(node, nodes.Filter) else ENVIRONMENT.tests
        yield from _unfit(node, node.name, known)
        if node.name in TESTS and len(node.args) > TESTS[node.name]:
            yield from _applied(node, ENVIRONMENT.tests, TESTS[node.name])
        elif node.name == "map" and node.args:
            yield from _applied(node, ENVIRONMENT.filters, 0)
    for call in source.find_all(nodes.Call):
        yield from _unfit_call(call, macros)


def _applied(node: nodes._FilterTestCommon, known: Mapping[str, Any], place: int) -> Iterator[str]:
    name = node.args[place].as_const()
    own = nodes.Filter(None, name, node.args[place + 1 :], node.kwargs, None, None, lineno=node.lineno)
    yield from _unfit(own, name, known)


def _unfit(node: nodes._FilterTestCommon, name: str, known: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault if a filter or test does not exist, or does not take the arguments."""
    if name not in known:
        yield f"line {node.lineno}: there is no {name}"
        return
    keywords = {str(keyword.key) for keyword in node.kwargs}
    if name in KEYWORDS and not node.args:
        if keywords - KEYWORDS[name]:
            yield f"line {node.lineno}: {name}({', '.join(sorted(keywords))})"
        return
    function = inspect.unwrap(known[name])  # Jinja wraps some, and then passes what they do not take
    passed = _PassArg.from_obj(function) is not None
    if not fits(function, 1 + passed + len(node.args), keywords):
        yield f"line {node.lineno}: {name} with {len(node.args)} arguments and {sorted(keywords)}"


def fits(function: Any, count: int, keywords: set[str]) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count, **dict.fromkeys(keywords))
    except TypeError:
        return False
    except ValueError:  # built in, without a signature
        return True
    return True


def _unfit_call(call: nodes.Call, macros: Mapping[str, nodes.Macro]) -> Iterator[str]:
    target, keywords = call.node, {str(keyword.key) for keyword in call.kwargs}
    if isinstance(target, nodes.Getattr) and isinstance(target.node, nodes.Name) and target.node.name == PARTS:
        name = f"{PARTS}.{target.attr}"
    elif isinstance(target, nodes.Name):
        name = target.name
    else:
        return
    if name in macros:
        if any(used.name == "kwargs" for used in macros[name].find_all(nodes.Name)):
            return  # it takes any
        taken = [argument.name for argument in macros[name].args]
        needed = len(taken) - len(macros[name].defaults)
        if not needed <= len(call.args) + len(keywords) <= len(taken) or keywords - set(taken):
            yield f"line {call.lineno}: {name} with {len(call.args)} arguments and {sorted(keywords)}"
    elif name in ENVIRONMENT.globals:
        if not fits(ENVIRONMENT.globals[name], len(call.args), keywords):
            yield f"line {call.lineno}: {name} with {len(call.args)} arguments and {sorted(keywords)}"
    elif name.startswith(f"{PARTS}."):
        yield f"line {call.lineno}: there is no {name}"


def exported(name: str) -> dict[str, nodes.Macro]:
    """Return the macros of a template by name: its own, and those that it takes from others."""
    source = tree(name)
    macros = {macro.name: macro for macro in source.find_all(nodes.Macro)}
    for part in source.find_all(nodes.FromImport):
        other = exported(part.template.as_const())
        taken = [(entry, entry) if isinstance(entry, str) else entry for entry in part.names]
        macros |= {alias: other[one] for one, alias in taken if one in other}
    return macros


def macros_of(name: str) -> dict[str, nodes.Macro]:
    """Return the macros that a template can call; one that is included is called as where it is included."""
    imports = {part.target: part.template.as_const() for part in tree(name).find_all(nodes.Import)}
    shared: dict[str, nodes.Macro] = {}
    for target, source in (imports or {PARTS: "parts.html.j2"}).items():
        shared |= {f"{target}.{macro}": node for macro, node in exported(source).items()}
    return shared | exported("parts.html.j2") | exported(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_call_in_a_template_fits(name: str) -> None:
    ENVIRONMENT.get_template(name)
    assert list(faults(tree(name), macros_of(name))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "{{ rows | max(default=0) }}",
        "{{ rows | sort(attribute='a', default=0) }}",
        "{{ rows | join(', ', separator=1) }}",
        "{{ rows | nothing }}",
        "{% if false %}{{ 1 | round(1, 'floor', 2) }}{% endif %}",
        "{{ rows | map('round', 1, 'floor', 2) }}",
        "{{ rows | map(attribute='a', defaults=1) }}",
        "{{ rows | map('nothing') }}",
        "{{ rows | selectattr('a', 'nothing') }}",
        "{{ rows | rejectattr('a', 'equalto') }}",
        "{{ rows is divisibleby }}",
        "{{ now | time('UTC') }}",
        "{{ kind(1) }}",
        "{{ parts.id() }}",
        "{{ parts.study(base, 1, 2) }}",
        "{{ parts.nothing(1) }}",
    ],
)
def test_a_call_that_does_not_fit_is_found_in_any_branch(wrong: str) -> None:
    assert len(list(faults(ENVIRONMENT.parse(wrong), macros_of("parts.html.j2")))) == 1


@pytest.mark.parametrize(
    "right",
    [
        "{{ rows | map(attribute='a', default=1) | sum(start=1) }}",
        "{{ rows | selectattr('a') | selectattr('a', 'equalto', 1) | select | map('round', 1) | list }}",
        "{{ rows | max(attribute='a') | default(0, true) | time }}",
        "{{ parts.interval(1, low=2, high=3) }}",
    ],
)
def test_a_call_that_fits_is_not(right: str) -> None:
    assert list(faults(Environment(autoescape=True).parse(right), macros_of("parts.html.j2"))) == []
