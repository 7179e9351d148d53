"""Reading JSON from the wire with one error for whatever is wrong with it.

Apart, because msgspec has three: bytes that are no UTF-8 and nesting without end are errors of other kinds there.
"""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

T = TypeVar("T")


def decode(raw: bytes, shape: type[T]) -> T:
    """The value in that shape. Raises msgspec.DecodeError, of which msgspec.ValidationError is the kind that says
    that it is JSON of another shape.
    """
    try:
        return msgspec.json.decode(raw, type=shape)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(type(error).__name__) from None


def decode_form(raw: bytes, shape: type[T]) -> T:
    """The fields of a posted form in that shape; of a field posted twice, the last. Raises msgspec.DecodeError."""
    return msgspec.convert(dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True)), shape, strict=False)
