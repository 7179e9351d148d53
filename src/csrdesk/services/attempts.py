"""Several calls at the same time, where one's failure must not take the others' answers with it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from csrdesk.errors import ServiceError

T = TypeVar("T")


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
