"""Views, answers and rehearsals to bytes and back, each as the class that its `type` names.

Prompts and answers are the flows' own. A class is looked up only when it comes, so that a command loads no flow that it
does not use.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final, TypeVar, get_args

import msgspec

from csrdesk.errors import CsrdeskError, IllegalEventError, UnexpectedAnswerError
from csrdesk.flows.doors import View
from csrdesk.flows.kernel import AccountEffect, Answer, Audience, Outcome, Prompt
from csrdesk.model.secret import Secret, decode_hook
from csrdesk.wire.values import NOTHING, Read, Shown

T = TypeVar("T")

PROMPTS: Final = (
    "csrdesk.flows.prompts",
    "csrdesk.flows.desk_prompts",
    "csrdesk.flows.device_prompts",
    "csrdesk.flows.exception_prompts",
    "csrdesk.flows.hand_over_prompts",
    "csrdesk.flows.password_prompts",
    "csrdesk.flows.spoken_prompts",
    "csrdesk.flows.try_prompts",
)
"""The modules of the prompts that agents get."""
OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "csr_main": ("csrdesk.flows.csr_main:CallOver",),
    "user_functions": ("csrdesk.flows.account_task:Outputs", "csrdesk.flows.account_task:Refusal"),
    "password_reset": ("csrdesk.flows.reset_ends:Outputs",),
    "approvals": ("csrdesk.flows.approvals:Looked", "csrdesk.flows.approvals:TookOver"),
    "hand_over": ("csrdesk.flows.hand_over:HandedOver", "csrdesk.flows.hand_over:Kept"),
    "agents": ("csrdesk.flows.agents:Looked",),
}
"""How each flow that an agent can start ends."""
ACTS: Final = (
    "csrdesk.flows.effects",
    "csrdesk.flows.password_effects",
    "csrdesk.flows.directory_effects",
)
"""The modules of the changes that a rehearsal can plan."""


class _Tagged(msgspec.Struct, frozen=True):
    type: str


def decoded(content: bytes, kind: type[T]) -> T:
    """A body as the class that it must be. Raises `UnexpectedAnswerError`."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise not_understood(f"{kind.__name__}: {error}") from None


def not_understood(details: str) -> CsrdeskError:
    """What came is of no shape that this csrdesk knows."""
    words = "The desk's answer was not understood: it may be another version. What was asked may have been done."
    return UnexpectedAnswerError(words, system="the desk", details=details)


def encode_view(view: View) -> bytes:
    """For the agent who owns the flow: the one place where the code to say leaves the desk, but for its own screen."""
    code = view.spoken_code.reveal() if view.spoken_code else ""
    return msgspec.json.encode(
        Shown(view.id, view.flow, view.rev, view.prompt, view.outcome, view.working, view.trouble, code)
    )


def decode_view(content: bytes) -> View:
    """Raises `UnexpectedAnswerError`."""
    read = decoded(content, Read)
    return View(
        id=read.id,
        flow=read.flow,
        rev=read.rev,
        prompt=None if read.prompt == NOTHING else _as_named(read.prompt, prompts()),
        outcome=outcome_of(read.flow, read.outcome),
        working=read.working,
        trouble=read.trouble,
        spoken_code=Secret(read.spoken_code) if read.spoken_code else None,
    )


def encode_answer(answer: Answer) -> bytes:
    """An answer with what was typed: it goes to the desk, over TLS, and nowhere else."""
    return msgspec.json.encode(answer, enc_hook=_reveal)


def decode_answer(content: bytes, prompt: Prompt) -> Answer:
    """One of the answers that `prompt` takes. Raises `IllegalEventError` for what it does not take, and
    `msgspec.DecodeError` for one of its own that is not as it must be.
    """
    name = msgspec.json.decode(content, type=_Tagged).type
    if name not in {kind.__name__ for kind in get_args(prompt.answers) or (prompt.answers,)}:
        raise IllegalEventError(prompt, content)
    answer: Answer = msgspec.convert(msgspec.json.decode(content), prompt.answers, dec_hook=decode_hook)
    return answer


def outcome_of(flow: str, content: bytes) -> Outcome | None:
    """How a flow ended, None where it did not."""
    return None if content == NOTHING else _as_named(content, outcomes(flow))


def act_of(content: bytes) -> AccountEffect:
    """A change that would be made."""
    return _as_named(content, acts())


@cache
def prompts() -> Mapping[str, type[Prompt]]:
    """Every prompt that an agent can get, by its name."""
    return {name: kind for name, kind in _of(PROMPTS, Prompt) if kind.audience is Audience.AGENT}


@cache
def outcomes(flow: str) -> Mapping[str, type[Outcome]]:
    """How that flow can end, by name."""
    found: dict[str, type[Outcome]] = {}
    for place in OUTCOMES.get(flow, ()):
        module, _, name = place.partition(":")
        found[name] = getattr(import_module(module), name)
    return found


@cache
def acts() -> Mapping[str, type[AccountEffect]]:
    """Every change that a rehearsal can plan, by name."""
    return dict(_of(ACTS, AccountEffect))


def _of(modules: tuple[str, ...], kind: type[T]) -> list[tuple[str, type[T]]]:
    return [
        (name, found)
        for module in modules
        for name, found in vars(import_module(module)).items()
        if isinstance(found, type) and issubclass(found, kind) and found.__module__ == module
    ]


def _as_named(content: bytes, kinds: Mapping[str, type[T]]) -> T:
    name = decoded(content, _Tagged).type
    if name not in kinds:
        raise not_understood(f"type={name[:80]!r}")
    return decoded(content, kinds[name])


def _reveal(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value).__name__)
