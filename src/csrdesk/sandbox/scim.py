"""Filters as PingOne takes them: a subset of SCIM's (RFC 7644, 3.4.2.2), parsed and applied here.

A parser of our own because the one kept library stops at an escaped quotation mark, and names with quotation marks
are what the desk must be able to look up. Values are JSON, as the RFC says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import msgspec

Reader = Callable[[str], "str | bool"]
"""Gives the value of an attribute of one record."""
Normal = Callable[[str], str]
"""Brings a value to the form in which the records' are kept."""

OPERATORS = ("eq", "sw", "gt", "ge", "lt", "le")
_TOKEN = re.compile(
    r'\s*(?:"(?:[^"\\]|\\.)*"|[()\[\]]|[A-Za-z_][A-Za-z0-9_.:$-]*|-?\d+)',
    re.DOTALL,
)
_MAX_DEPTH = 20


class FilterError(Exception):
    """A filter that cannot be understood or is not supported; says which kind where it is known."""

    def __init__(self, message: str, *, unsupported: str = "") -> None:
        super().__init__(message)
        self.unsupported = unsupported
        """`attribute`, `operator` or nothing."""


class Comparison(msgspec.Struct, frozen=True):
    """`attribute operator value`, the attribute with its outer brackets' name in front."""

    attribute: str
    operator: str
    value: str | bool

    def holds(self, read: Reader) -> bool:
        """True where the record's value fits."""
        value = read(self.attribute)
        if isinstance(value, bool) or isinstance(self.value, bool):
            return self.operator == "eq" and value is self.value
        match self.operator:
            case "eq":
                return value == self.value
            case "sw":
                return value.startswith(self.value)
            case "gt":
                return value > self.value
            case "ge":
                return value >= self.value
            case "lt":
                return value < self.value
            case _:
                return value <= self.value


class Junction(msgspec.Struct, frozen=True):
    """Terms joined by `and` or `or`."""

    word: str
    terms: tuple[Comparison | Junction, ...]

    def holds(self, read: Reader) -> bool:
        """True where all, or one, of the terms hold; every term is looked at, so that each attribute is checked."""
        found = [term.holds(read) for term in self.terms]
        return all(found) if self.word == "and" else any(found)

    def comparisons(self) -> Iterator[Comparison]:
        """Every comparison in it."""
        for term in self.terms:
            if isinstance(term, Comparison):
                yield term
            else:
                yield from term.comparisons()


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError("The filter cannot be parsed.")
        found.append(match.group().lstrip())
        at = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens; `or` binds weaker than `and`."""

    def __init__(self, text: str, normal: Mapping[str, Normal]) -> None:
        self._tokens = _tokens(text)
        self._normal = normal
        self._at = 0
        self._depth = 0

    def whole(self) -> Junction:
        term = self._joined("or", prefix="")
        if self._at != len(self._tokens):
            raise FilterError("The filter goes on where an end was expected.")
        return term

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise FilterError("The filter ends too early.")
        self._at += 1
        return token

    def _expect(self, sign: str) -> None:
        if self._take() != sign:
            raise FilterError("The filter's brackets do not match.")

    def _joined(self, word: str, *, prefix: str) -> Junction:
        terms: list[Comparison | Junction] = [self._operand(word, prefix)]
        while self._peek().lower() == word:
            self._take()
            terms.append(self._operand(word, prefix))
        return Junction(word, tuple(terms))

    def _operand(self, word: str, prefix: str) -> Comparison | Junction:
        return self._joined("and", prefix=prefix) if word == "or" else self._term(prefix)

    def _inside(self, closing: str, prefix: str) -> Junction:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise FilterError("The filter is nested too deeply.")
        self._take()
        term = self._joined("or", prefix=prefix)
        self._expect(closing)
        self._depth -= 1
        return term

    def _term(self, prefix: str) -> Comparison | Junction:
        if self._peek() == "(":
            return self._inside(")", prefix)
        attribute = prefix + self._take()
        if self._peek() == "[":
            return self._inside("]", f"{attribute}.")
        operator = self._take().lower()
        if operator not in OPERATORS:
            raise FilterError("The filter uses an operator that is not supported.", unsupported="operator")
        value = _value(self._take())
        if isinstance(value, str) and attribute in self._normal:
            value = self._normal[attribute](value)
        return Comparison(attribute, operator, value)


def _value(token: str) -> str | bool:
    try:
        value: object = msgspec.json.decode(token)
    except msgspec.DecodeError:
        raise FilterError("The filter compares with something that is no value.") from None
    if isinstance(value, str | bool):
        return value
    raise FilterError("The filter compares with something that is no text.")


def parse(text: str, *, normal: Mapping[str, Normal] | None = None) -> Junction:
    """The filter as a value, with values brought to normal form by attribute. FilterError where it is no filter."""
    return _Parser(text, normal or {}).whole()


def reading(values: Mapping[str, str | bool]) -> Reader:
    """A reader of one record's values."""
    return lambda name: values[name]
