"""What the source says of a struct's fields: the sentence under each, and its type in a reader's words."""

from __future__ import annotations

import ast
import inspect

import msgspec


def notes(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The sentence under a field, by its name."""
    found, above = {}, ""
    for node in _class(kind).body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)):
                above = name
            case ast.Expr(value=ast.Constant(value=str(text))) if above:
                found[above] = " ".join(text.split())
    return found


def types(kind: type[msgspec.Struct]) -> dict[str, str]:
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


def _class(kind: type[msgspec.Struct]) -> ast.ClassDef:
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    return body
