"""A string that must not be saved, logged or shown: passwords, typed passcodes, the typed spoken code."""

from __future__ import annotations


class Secret:
    """Wraps a secret; prints as `***` and cannot be encoded, because msgspec knows no such type and raises."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself; call it at the last moment, on the way out."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def decode_hook(kind: type, value: object) -> object:
    """For `msgspec.convert(form, answers, dec_hook=decode_hook)`: a string becomes a `Secret` where one is due."""
    if kind is Secret:
        if isinstance(value, str):
            return Secret(value)
        raise ValueError("Expected `str`")  # for msgspec, which says where; never what was given
    msg = f"no way to make a {kind.__name__}"
    raise NotImplementedError(msg)
