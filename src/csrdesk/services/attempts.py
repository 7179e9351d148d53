"""Several calls at the same time, where one's failure must not take the others' answers with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import TypeVar, cast

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


class UnderWay:
    """Questions whose answers are on their way: whoever asks the same meanwhile is given the same answer.

    For those who begin at the same moment and only read; what was answered before is asked again.
    """

    def __init__(self) -> None:
        self._asked: dict[Hashable, asyncio.Task[object]] = {}

    async def once(self, question: Hashable, ask: Callable[[], Coroutine[None, None, T]]) -> T:
        """What `ask` gives, asked now or a moment ago. Raises what it raises."""
        task = self._asked.get(question)
        if task is None:
            task = self._asked[question] = asyncio.create_task(self._answered(question, ask))
        # Others may wait for it as well, so whoever is cancelled does not take it with them.
        return cast("T", await asyncio.shield(task))

    async def _answered(self, question: Hashable, ask: Callable[[], Coroutine[None, None, T]]) -> object:
        try:
            return await ask()
        finally:
            del self._asked[question]


async def both(one: Awaitable[T], other: Awaitable[U]) -> tuple[T, U]:
    """Both at the same time, each to its end; then what the first raised, else what the second did."""
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    if isinstance(first, BaseException):
        raise first
    if isinstance(second, BaseException):
        raise second
    return first, second
