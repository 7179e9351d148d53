"""The port: `search` and `modify` on raw values, so small that an adapter holds no rules of the desk."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from csrdesk.errors import ServiceError


class Equal(msgspec.Struct, frozen=True):
    """An attribute has a value, compared as the schema says. The value is data: adapters escape it (RFC 4515).

    GUIDs and security ids stand in their text form, here and in entries; octets (`logonHours`) are hex digits there.
    """

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


class Octets:
    """A value that is no text. Of those the desk writes passwords alone, so it prints as `***` and is never encoded."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The value itself, for the adapter, on the way out."""
        return self._value

    def __repr__(self) -> str:
        return "Octets('***')"


class Change(msgspec.Struct, frozen=True):
    """One change of a modify (RFC 4511, 4.6)."""

    operation: Literal["add", "delete", "replace"]
    attribute: str
    values: tuple[str | Octets, ...] = ()


class Control(msgspec.Struct, frozen=True):
    """Asks for an operation to be done in a certain way, or not at all: always critical (RFC 4511, 4.1.11)."""

    oid: str
    value: bytes = b""
    """BER, empty where the control has none."""


class Directory(Protocol):
    """What an adapter does. Each raises a `ServiceError`; a modify that raised changed nothing, unless it timed out."""

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read what is written: passwords are written only then."""
        ...

    @property
    def keeps_moments(self) -> bool:
        """Whether it tells when an attribute was written (`metadata`)."""
        ...

    @property
    def server(self) -> str:
        """What people call the server that answers; empty where there is but one."""
        ...

    async def writer(self) -> Directory:
        """The one server that changes are made on: what is written there is read back there, and nowhere else.

        Raises `UnavailableError` where it cannot be reached: then nothing was written.
        """
        ...

    async def root(self, attributes: tuple[str, ...]) -> Entry:
        """What the directory says of itself (the rootDSE, RFC 4512, 5.1), such as `supportedControl`."""
        ...

    async def search(self, wanted: Filter, attributes: tuple[str, ...], *, base: str = "") -> tuple[Entry, ...]:
        """The entries at and below `base` that fit, with these attributes; an empty base is the whole directory.

        A base that does not exist holds nothing.
        """
        ...

    async def at_each(self, dn: str, attributes: tuple[str, ...]) -> tuple[tuple[str, Entry | ServiceError], ...]:
        """One object as each server has it, by the server's name: for what servers do not tell each other."""
        ...

    async def modify(self, dn: str, changes: tuple[Change, ...], *, controls: tuple[Control, ...] = ()) -> None:
        """Apply all changes to one object, or none; with a control that the directory does not know: none."""
        ...

    async def close(self) -> None:
        """Close the kept connections."""
        ...
