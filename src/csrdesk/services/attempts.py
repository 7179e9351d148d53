"""Several calls at the same time, where one's failure must not take the others' answers with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from csrdesk.errors import ServiceError

T = TypeVar("T")
U = TypeVar("U")


async def attempt(call: Awaitable[T]) -> T | ServiceError:
    """The call's result, or the error of the service as a value. Programming errors are not caught."""
    try:
        return await call
    except ServiceError as error:
        return error


def sure(result: T | ServiceError) -> T:
    """The result of an `attempt` that the caller cannot do without. Raises the error."""
    if isinstance(result, ServiceError):
        raise result
    return result


async def both(one: Awaitable[T], other: Awaitable[U]) -> tuple[T, U]:
    """Both at the same time, each to its end; then what the first raised, else what the second did."""
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    if isinstance(first, BaseException):
        raise first
    if isinstance(second, BaseException):
        raise second
    return first, second
