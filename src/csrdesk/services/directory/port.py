"""The port: `search` and `modify` on raw values, so small that an adapter holds no rules of the desk."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec


class Equal(msgspec.Struct, frozen=True):
    """An attribute has a value, compared as the schema says. The value is data: adapters escape it (RFC 4515)."""

    attribute: str
    value: str


class AllOf(msgspec.Struct, frozen=True):
    """Each of these fits."""

    filters: tuple[Filter, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """At least one of these fits."""

    filters: tuple[Filter, ...]


Filter = Equal | AllOf | AnyOf


class Entry(msgspec.Struct, frozen=True):
    """An object as the directory has it; texts are not cleaned."""

    dn: str
    attributes: dict[str, tuple[str, ...]] = {}

    def values(self, attribute: str) -> tuple[str, ...]:
        """All values, none where the attribute is absent; letter case of the name does not count (RFC 4512, 2.5)."""
        wanted = attribute.lower()
        return next((values for name, values in self.attributes.items() if name.lower() == wanted), ())

    def first(self, attribute: str) -> str | None:
        """The value of a single-valued attribute."""
        return next(iter(self.values(attribute)), None)


class Change(msgspec.Struct, frozen=True):
    """One change of a modify (RFC 4511, 4.6)."""

    operation: Literal["add", "delete", "replace"]
    attribute: str
    values: tuple[str, ...] = ()


class Directory(Protocol):
    """What an adapter does. Each raises a `ServiceError`; a modify that raised changed nothing, unless it timed out."""

    async def search(self, wanted: Filter, attributes: tuple[str, ...], *, base: str = "") -> tuple[Entry, ...]:
        """The entries at and below `base` that fit, with these attributes; an empty base is the whole directory.

        A base that does not exist holds nothing.
        """
        ...

    async def modify(self, dn: str, changes: tuple[Change, ...]) -> None:
        """Apply all changes to one object, or none."""
        ...

    async def close(self) -> None:
        """Close the kept connections."""
        ...
