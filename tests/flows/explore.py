"""Walks a flow from its first state with every event of `values`: which states there are, and which edges."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import msgspec
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import account_management as am
from csrdesk.flows import answers as a
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import csr_main, device_page, magic_link_page, new_password, password_reset, second_agent
from csrdesk.flows import device_check as dc
from csrdesk.flows import device_management as dm
from csrdesk.flows import user_functions as uf
from csrdesk.flows.caller import Caller, Given
from csrdesk.flows.device_inputs import NOT_USABLE, Choice
from csrdesk.flows.kernel import Event, Failed, Problem, State
from csrdesk.flows.registration_inputs import Work
from csrdesk.flows.rules import Rules
from csrdesk.model.devices import DeviceChange
from csrdesk.model.proofs import Act
from csrdesk.model.risk import WhenDown
from tests.flows import desk_values as ev
from tests.flows import pairing_values as dv
from tests.flows import recovery_values as rv
from tests.flows import registration_values as gv
from tests.flows.values import (
    ABOUT,
    ADA,
    BY_ITSELF,
    DN,
    ENABLED,
    EVENTS,
    NOT_MAILED,
    PAGE,
    RULES,
    SMS,
    STRICT,
    UNTIL,
    WITH_APP,
    WITH_PHONE,
)

Path = tuple[type[State], ...]
Kind = tuple[object, ...]
RESET = am.ConfirmingAct(am.Verified(ADA, DN, WITH_APP, UNTIL), am.Needs(rules=RULES), ENABLED, Act.RESET)
WAITING = csr_main.Managing(
    Given(RULES),
    am.AwaitingSecondAgent(
        RESET,
        a.Confirmed("Forgot it.", "HD-1"),
        second_agent.begin(second_agent.Order(ADA, DN, Act.RESET, "Forgot it.", "HD-1", WITH_APP.label, UNTIL)),
    ),
)
"""A reset that waits for a second agent: no beginning, but where the rules of the others lead with other acts alone."""
EXCEPTIONAL = Given(
    replace(RULES, exception_gives=(Act.UNLOCK, Act.DEVICES), second_agent_for=(Act.PROTECT, Act.DEVICES))
)
EXCEPTED = csr_main.Checking(EXCEPTIONAL, dc.ChoosingWay(EXCEPTIONAL, Caller(ADA, WITH_PHONE.devices, DN)))
"""The card of a caller where a lead can be asked, and where neither closing an account at once nor changing a device
is done alone: no beginning either, but elsewhere everybody would have a way, and nobody act alone."""
CHANGING = csr_main.Managing(
    EXCEPTIONAL,
    am.ManagingDevices(
        am.Verified(ADA, DN, WITH_APP, UNTIL),
        am.Needs(rules=EXCEPTIONAL.rules),
        dm.ConfirmingChange(
            dm.Given(ADA, WITH_APP, UNTIL, dn=DN, rules=EXCEPTIONAL.rules),
            dm.Wanted(SMS, DeviceChange.REMOVE),
            (SMS,),
        ),
    ),
)
"""A change of a device that waits for a second agent, as above."""
FIRST: dict[str, tuple[State, ...]] = {
    "csr_main": (
        csr_main.begin(csr_main.Start("HD-1")),
        csr_main.begin(csr_main.Start()),
        WAITING,
        EXCEPTED,
        CHANGING,
    ),
    "challenge_acceptance": (
        *(
            ca.begin(ca.Start(ABOUT, ADA.id, rules))
            for rules in (RULES, STRICT, *(Rules(protect_analysis=True, when_down=down) for down in WhenDown))
        ),
        ca.begin(ca.Start(NOT_MAILED, ADA.id, RULES)),
    ),
    "password_reset": (password_reset.begin(password_reset.Start("ada", "Forgot it.", "HD-1")),),
    "new_password": tuple(
        new_password.begin(new_password.Start(ABOUT, ADA.id, DN, "Forgot it.", "HD-1", PAGE, fixed))
        for fixed in (False, True)
    ),
    "user_functions": (
        *(uf.begin(uf.Start(action, "ada", "Caller asked for it.", "HD-1", ends="never")) for action in uf.ACTIONS),
        uf.begin(uf.Start("setExpiry", "ada", "Caller asked for it.", "HD-1", ends="2026-12-25T00:00:00+01:00")),
        uf.begin(uf.Start("disableUser", "ada", "Somebody has the account.", "HD-1", protective=True)),
    ),
    "device_authentication": tuple(device_page.begin(device_page.Start(inputs, ABOUT, PAGE)) for inputs in BY_ITSELF),
    "account_recovery": rv.FIRST,
    "registration": gv.FIRST,
    "approvals": ev.APPROVALS,
    "agents": ev.AGENTS,
    "hand_over": ev.HAND_OVER,
    "magic_link_page": (magic_link_page.begin(magic_link_page.Start(ABOUT, ADA.id)),),
}
"""Where each flow of the catalog can begin."""
SAMPLES = 24
"""How many different states of one kind are followed."""
FEWER = {"registration": 16}
"""Enough where a flow has many kinds, which tell its states apart well."""
FAILURES: dict[str, tuple[Event, ...]] = {
    "device_authentication": (Failed(Problem("The device is locked.", code=NOT_USABLE)),),
    "registration": (rv.DOWN, *dv.FAILURES),
}
"""What else can go wrong in a flow that tells failures apart."""


def inside(state: State) -> Iterator[State]:
    """The state, and the states of the flows that run inside it, the outermost first."""
    yield state
    sub = getattr(state, "sub", None)
    if isinstance(sub, State):
        yield from inside(sub)


def path(state: State) -> Path:
    return tuple(type(part) for part in inside(state))


def kind(state: State) -> Kind:
    """What the samples are counted by: the path, where it leads back to, what is to be done and told, what tries are
    spent.
    """
    *_, innermost = inside(state)
    back = getattr(innermost, "again", None) or getattr(innermost, "back", None)
    to_tell = getattr(innermost, "later", None) or getattr(innermost, "changed", False)
    choice = getattr(innermost, "choice", None)
    spent = (bool(choice.authentication_id), choice.resends) if isinstance(choice, Choice) else ()
    leads_to = path(back) if isinstance(back, State) else (type(back),) if back else ()
    tried = getattr(innermost, "tried", None)
    unsure = isinstance(tried, new_password.Tried) and any(line.unknown for line in tried.lines)
    to_do = innermost.task.action if isinstance(innermost, uf.ReadingAccount) else ""
    told = (type(to_tell),) if to_tell else ()
    given = (getattr(part, "given", None) for part in inside(state))
    page = next((found for found in given if isinstance(found, ca.Given)), None)
    stepped = (("strong alone", page.about.mailed),) if page and page.steps_up else ()
    works = (getattr(part, "work", None) for part in inside(state))
    made = [(w.verified, bool(w.owner_id), w.resent > 0, w.unsure) for w in works if isinstance(w, Work)]
    again = (
        getattr(innermost, "at", ""),
        getattr(innermost, "end", ""),
        getattr(getattr(innermost, "begun", None), "device_type", ""),
        *made,
    )
    second = isinstance(innermost, am.ConfirmingAct) and innermost.act in innermost.needs.rules.second_agent_for
    free = bool(getattr(innermost, "invite", "")), "@" in str(getattr(innermost, "identifier", ""))
    return (
        *path(state),
        *again,
        *free,
        to_do,
        *leads_to,
        *told,
        *spent,
        *(("unsure",) if unsure else ()),
        *stepped,
        second,
    )


@dataclass
class Walk:
    """What a walk over one flow has seen."""

    states: dict[Kind, list[State]] = field(default_factory=lambda: defaultdict(list))
    steps: list[tuple[State, Event, State]] = field(default_factory=list)

    @property
    def all(self) -> list[State]:
        return [state for states in self.states.values() for state in states]


@cache
def walk(flow: str) -> Walk:
    """Every state that the flow's first states can lead to, up to so many of a kind."""
    found = Walk()
    seen: set[bytes] = set()
    samples = FEWER.get(flow, SAMPLES)
    waiting: deque[State] = deque(FIRST[flow])
    while waiting:
        state = waiting.popleft()
        saved = msgspec.json.encode(state)
        same = found.states[kind(state)]
        if saved in seen or len(same) >= samples:
            continue
        seen.add(saved)
        same.append(state)
        for event in (*EVENTS, *FAILURES.get(flow, ())):
            try:
                after = state.step(event)
            except IllegalEventError:
                continue
            found.steps.append((state, event, after))
            waiting.append(after)
    return found
