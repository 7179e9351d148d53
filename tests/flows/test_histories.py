"""Any history of legal and illegal events keeps what must never break."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import by_exception as be
from csrdesk.flows import challenge_acceptance as ca
from csrdesk.flows import csr_main
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_replies as dr
from csrdesk.flows import replies as r
from csrdesk.flows import spoken_address as sa
from csrdesk.flows import verify_user as vu
from csrdesk.flows import verify_without_link as vw
from csrdesk.flows.catalog import FLOWS
from csrdesk.flows.kernel import AccountEffect, Do, Effect, Event, Poll, State, Terminal, Together
from csrdesk.model.devices import Devices, Strength, WebAuthn
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.flows.explore import FIRST, Path, inside, path
from tests.flows.values import (
    ACTS,
    DEVICE,
    EVENTS,
    FAILED,
    LINK_AND_CODE,
    SMS,
    TOTP,
    authentication,
)

bounded = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
"""The same histories in every run, so that a failure is one of the code."""


class History:
    """A flow's steps so far: what happened, and where it led."""

    def __init__(self, first: State) -> None:
        self.states = [first]
        self.events: list[Event] = []

    @property
    def now(self) -> State:
        return self.states[-1]

    def send(self, event: Event) -> None:
        """The event, where it is legal; otherwise nothing has changed."""
        before, saved = self.now, msgspec.json.encode(self.now)
        try:
            after = before.step(event)
        except IllegalEventError:
            assert self.now is before
        else:
            self.states.append(after)
            self.events.append(event)
        assert msgspec.json.encode(before) == saved


def legal(state: State) -> dict[Path, list[Event]]:
    """The events of this vocabulary that the state takes, by where they lead."""
    found: dict[Path, list[Event]] = {}
    for event in EVENTS:
        try:
            found.setdefault(path(state.step(event)), []).append(event)
        except IllegalEventError:
            continue
    return found


def leads_on(where: Path) -> bool:
    """Whether a flow still has something before it there: without this, chance ends every history at once."""
    return not issubclass(where[-1], Terminal | csr_main.EndingCall | csr_main.ReturnError | ca.RefusingChallenge)


@st.composite
def histories(draw: st.DrawFn, flow: str, length: int = 30) -> History:
    """A walk that mostly goes on to where it has not been, and sometimes meets an event that does not belong there."""
    history = History(draw(st.sampled_from(FIRST[flow])))
    been: set[Path] = set()
    for _ in range(length):
        been.add(path(history.now))
        if draw(st.integers(0, 5)) == 0:
            history.send(draw(st.sampled_from(EVENTS)))
        choices = legal(history.now)
        if not choices:
            break
        new = [where for where in choices if where not in been and leads_on(where)]
        on = [where for where in choices if leads_on(where)]
        chance = draw(st.integers(0, 19))
        where = draw(st.sampled_from((chance < 13 and new) or (chance < 19 and on) or list(choices)))
        history.send(draw(st.sampled_from(choices[where])))
    return history


def effects(state: State) -> tuple[Effect, ...]:
    want = state.want()
    if not isinstance(want, Do | Poll):
        return ()
    return want.effect.effects if isinstance(want.effect, Together) else (want.effect,)


def wants_something(history: History, flow: str) -> None:
    for state in history.states:
        state.want()
        assert msgspec.json.decode(msgspec.json.encode(state), type=FLOWS[flow].states) == state


@bounded
@given(histories("csr_main"))
def test_any_history_of_a_call_survives(history: History) -> None:
    wants_something(history, "csr_main")


@bounded
@given(histories("challenge_acceptance"))
def test_any_history_of_a_customers_page_survives(history: History) -> None:
    wants_something(history, "challenge_acceptance")


@bounded
@given(histories("user_functions"))
def test_any_history_of_a_script_survives(history: History) -> None:
    wants_something(history, "user_functions")


@bounded
@given(histories("csr_main", length=50))
def test_r_30_no_history_changes_an_account_before_verification_but_to_close_the_door(history: History) -> None:
    verified = False
    for state, event in zip(history.states[1:], history.events, strict=True):
        verified = verified or isinstance(event, r.WindowStarted)
        verified = verified and not isinstance(event, r.VerificationEnded)
        for effect in effects(state):
            if isinstance(effect, AccountEffect) and effect.act is not Act.PROTECT:
                assert verified
                assert effect.act in ACTS
            if isinstance(effect, AccountEffect) and effect.act is Act.PROTECT:
                assert not getattr(effect, "enabled", False)


@bounded
@given(histories("csr_main", length=50))
def test_r_30_only_the_end_of_verify_user_opens_the_account(history: History) -> None:
    for before, after in zip(history.states, history.states[1:], strict=False):
        if isinstance(after, csr_main.Managing) and not isinstance(before, csr_main.Managing):
            assert isinstance(before, csr_main.Verifying)
            opening = vu.GoingToSuccess | sa.StartingWindow | vw.OpeningWindow | be.OpeningException
            assert isinstance(before.sub, opening)


def approvals(history: History) -> list[tuple[int, ca.Approving]]:
    return [(i, state) for i, state in enumerate(history.states) if isinstance(state, ca.Approving)]


@bounded
@given(histories("challenge_acceptance", length=50))
def test_r_32_no_history_approves_without_link_and_code_and_the_device_that_is_required(history: History) -> None:
    for i, state in approvals(history):
        events = history.events[:i]
        assert any(isinstance(event, r.CodeRight) for event in events)
        proofs = state.evidence.proofs
        if state.given.about.mailed:
            assert proofs[0] == LINK_AND_CODE
        else:  # at the spoken address there is no link: a strong device stands for it
            assert [proof.strength for proof in proofs] == [Strength.STRONG]
        read = [event for event in events if isinstance(event, r.DevicesRead)]
        if read and read[-1].devices.registered and not read[-1].devices.refused:
            assert state.evidence.has_device
        if state.evidence.has_device:
            shown = proofs[-1]
            right = [e for e in events if isinstance(e, r.PasscodeRight | dr.AssertionRight | dr.PushApproved)]
            assert right[-1].device_id == shown.device_id


@bounded
@given(histories("challenge_acceptance", length=50))
def test_r_27_no_history_approves_on_completed_without_a_device_that_was_shown(history: History) -> None:
    for i, state in approvals(history):
        if any(isinstance(event, r.AuthenticationIs) for event in history.events[:i]) and state.evidence.has_device:
            shown = r.PasscodeRight | dr.AssertionRight | dr.PushApproved
            assert any(isinstance(event, shown) for event in history.events[:i])


@bounded
@given(histories("challenge_acceptance", length=60))
def test_resends_never_exceed_the_limit(history: History) -> None:
    for state in history.states:
        for part in inside(state):
            choice = getattr(part, "choice", None)
            if isinstance(choice, da.Choice):
                assert choice.resends <= 3


@bounded
@given(st.lists(st.sampled_from(["resend", "other", "refused", "failed"]), max_size=30))
def test_whatever_a_customer_presses_pingone_sends_one_device_at_most_four_passcodes(presses: list[str]) -> None:
    found = Devices((SMS, TOTP))
    state: State = da.GatheringBrowserData(DEVICE, found).step(a.BrowserChecked(WebAuthn.NONE))
    state = state.step(authentication("OTP_REQUIRED", SMS.id))
    sent = 1
    for press in presses:
        if isinstance(state, da.Showing):
            if press == "resend":
                state = state.step(a.ResendChosen())
            elif press == "refused":
                state = state.step(a.PasscodeGiven(Secret("123456"))).step(r.PasscodeRefused("Expired."))
            else:
                state = state.step(a.OtherDeviceChosen())
        elif isinstance(state, da.AskDevice):
            state = state.step(a.DeviceChosen(SMS.id))
        if isinstance(state.want(), Do):
            sent += 1
            state = state.step(FAILED if press == "failed" else authentication("OTP_REQUIRED", SMS.id))
            if isinstance(state, da.ReturnError):
                break
    assert sent <= 1 + DEVICE.inputs.resend_otp_limit
