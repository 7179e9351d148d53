"""What to write instead of a value that a key does not take: msgspec names types, which people do not write."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import inspect

from csrdesk.config.settings import Settings

_GOT: Final = {
    "str": "Text",
    "int": "A whole number",
    "float": "A number with a decimal point",
    "bool": "True or false",
    "array": "A list",
    "object": "A table",
    "datetime": "A date with a time",
    "date": "A date",
    "time": "A time",
}


def explained(what: str, path: str) -> str:
    """A sentence for msgspec's complaint `what` about the value at `path`, as `mail.port` or `directory.match[...]`."""
    kind = _at(path)
    if kind is None:
        return f"{what}."
    if found := re.fullmatch(r"Invalid enum value (.+)", what):
        return f"{_quoted(found[1])} cannot be chosen. Write {_words(kind)}."
    got = re.search(r"got `(\w+)`", what)
    there = _GOT.get(got[1], "This") if got else "This"
    return f"{there} does not fit here. Write {_words(kind)}."


def _quoted(value: str) -> str:
    return msgspec.json.encode(value[1:-1]).decode() if value[:1] == value[-1:] == "'" else value


def _at(path: str) -> inspect.Type | None:
    kind: inspect.Type | None = inspect.type_info(Settings)
    for name in re.findall(r"[^.\[\]]+|\[[^\]]*\]", path):
        match kind:
            case inspect.StructType(fields=fields):
                kind = next((_not_none(one.type) for one in fields if one.encode_name == name), None)
            case inspect.VarTupleType(item_type=item) | inspect.DictType(value_type=item):
                kind = item
            case _:
                return None
    return kind


def _not_none(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        return next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    return kind


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.BoolType():
            return "true or false, without quotes"
        case inspect.IntType():
            return f"a whole number{_bounds(kind)}, without quotes"
        case inspect.FloatType():
            return f"a number{_bounds(kind)}, without quotes"
        case inspect.LiteralType(values=values):
            return _one_of([str(value) for value in values])
        case inspect.EnumType(cls=cls):
            return _one_of([str(member.value) for member in cls])
        case inspect.StrType(max_length=int(most)):
            return f"text in quotes, of 1 to {most} characters"
        case inspect.StrType():
            return "text in quotes"
        case inspect.VarTupleType(item_type=inspect.LiteralType() | inspect.EnumType() as item):
            return f'a list in brackets, as ["..."], of {_words(item)}'
        case inspect.VarTupleType(item_type=item):
            return f"a list in brackets, each of it {_words(item)}"
        case _:
            return "a table: its name in brackets on a line of its own, and its keys below it"


def _one_of(values: list[str]) -> str:
    return " or ".join(f'"{value}"' for value in values)


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:g} to {kind.le:g}"
    if kind.gt is not None and kind.le is not None:
        return f" above {kind.gt:g} and up to {kind.le:g}"
    return ""
