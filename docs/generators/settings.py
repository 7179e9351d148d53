"""Every key that a settings file can hold: its type, bounds, default and meaning, read from `csrdesk.config`."""

from __future__ import annotations

import ast
import inspect

import msgspec

from csrdesk import config


def pages() -> dict[str, str]:
    lines = ["# Settings", "", "One TOML file; `csrdesk config path` says where. An unknown key is an error.", ""]
    for section in msgspec.structs.fields(config.Settings):
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            lines += [f"## [{section.encode_name}]", "", inspect.getdoc(section.type) or "", *_table(section.type), ""]
    return {"settings.md": "\n".join(lines)}


def _table(kind: type[msgspec.Struct]) -> list[str]:
    notes, types = _notes(kind), _types(kind)
    rows = ["", "| key | value | default | |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(kind):
        default = "required" if field.required else _toml(field.default)
        rows.append(f"| `{field.encode_name}` | {types[field.name]} | {default} | {notes.get(field.name, '')} |")
    return rows


def _toml(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, tuple):
        return f"`{msgspec.json.encode(value).decode()}`"
    return f"`{msgspec.json.encode(value).decode()}`" if value != "" else "empty"


def _class(kind: type[msgspec.Struct]) -> ast.ClassDef:
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    return body


def _types(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The annotations as they are written, in a reader's words."""
    found = {}
    for node in _class(kind).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = _words(node.annotation)
    return found


def _words(node: ast.expr) -> str:
    match ast.unparse(node).replace("|", "or"):
        case "str":
            return "text"
        case "bool" | "bool or None":
            return "true or false"
        case "Seconds":
            return "seconds above 0"
        case "tuple[str, ...]":
            return "list of texts"
        case text if text.startswith("Annotated[int"):
            bounds = {word.arg: ast.unparse(word.value) for word in ast.walk(node) if isinstance(word, ast.keyword)}
            return f"{bounds['ge']} to {bounds['le']}"
        case text if text.startswith("Literal["):
            return " or ".join(f"`{ast.unparse(word)}`" for word in ast.walk(node) if isinstance(word, ast.Constant))
        case "int":
            return "whole number"
        case text:
            return f"`{text}`"


def _notes(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The sentence under a field, by its name."""
    notes, above = {}, ""
    for node in _class(kind).body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                above = name
            case ast.Expr(value=ast.Constant(value=str(text))) if above:
                notes[above] = " ".join(text.split())
    return notes
