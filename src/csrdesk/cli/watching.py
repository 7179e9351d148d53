"""Watching how far a customer is on a public page that an agent sent them to: every news once, until it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from csrdesk.cli.result import Result, refusal, say
from csrdesk.cli.walk import Walk
from csrdesk.flows import prompts as p
from csrdesk.model.recovery import Progress

Watch = TypeVar("Watch", p.RecoveryWatchPrompt, p.RegistrationWatchPrompt)


async def watched(
    walk: Walk, kind: type[Watch], news: Callable[[Walk, Watch], list[str]], result: Callable[[Walk], Result]
) -> Result:
    """Say each line of `news` once while the prompt is of that kind; the `result` when the customer's page is over."""
    said: set[str] = set()
    while isinstance(walk.prompt, kind):
        for line in news(walk, walk.prompt):
            if line not in said:
                say(line)
                said.add(line)
        stage = walk.prompt.progress.stage
        if stage and not stage.open:
            came = result(walk)
            await walk.leave()
            return came
        await walk.news()
    came = refusal("conflict", getattr(walk.prompt, "note", "") or "It can be watched no more. Use the console.")
    await walk.leave()
    return came


def tries(progress: Progress) -> str:
    """How often the code was typed, in words."""
    return "1 try" if progress.tries == 1 else f"{progress.tries} tries"
