"""Every key that a settings file can hold: its type, bounds, default and meaning, read from `csrdesk.config`."""

from __future__ import annotations

import inspect

import msgspec

from csrdesk import config
from csrdesk.config.pages_file import PagesFile
from docs.generators._fields import notes, types


def pages() -> dict[str, str]:
    lines = ["# Settings", "", "One TOML file; `csrdesk config path` says where. An unknown key is an error.", ""]
    lines += _sections(config.Settings)
    lines += ["# Settings of pages as a process of their own", ""]
    lines += [
        "For `csrdesk serve --role pages`: another TOML file, which `CSRDESK_CONFIG` names. It has these alone.",
        "",
    ]
    lines += _sections(PagesFile)
    return {"settings.md": "\n".join(lines)}


def _sections(kind: type[msgspec.Struct]) -> list[str]:
    lines: list[str] = []
    for section in msgspec.structs.fields(kind):
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            lines += [f"## [{section.encode_name}]", "", inspect.getdoc(section.type) or "", *_table(section.type), ""]
    return lines


def _table(kind: type[msgspec.Struct]) -> list[str]:
    meaning, values = notes(kind), types(kind)
    rows = ["", "| key | value | default | |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(kind):
        made = field.default_factory
        default = "required" if field.required else _toml(field.default if made is msgspec.NODEFAULT else made())
        rows.append(f"| `{field.encode_name}` | {values[field.name]} | {default} | {meaning.get(field.name, '')} |")
    return rows


def _toml(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, tuple):
        return f"`{msgspec.json.encode(value).decode()}`"
    return f"`{msgspec.json.encode(value).decode()}`" if value != "" else "empty"
