"""Verify User Magic Link, the agent's side, branch by branch."""

from __future__ import annotations

import pytest

from csrdesk.flows import answers as a
from csrdesk.flows import replies as r
from csrdesk.flows import verify_user as vu
from csrdesk.flows.kernel import Event
from csrdesk.flows.way_ends import PAGE_SAID_NO
from csrdesk.model.link import LinkStage
from csrdesk.model.secret import Secret
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import FAILED, LINK, PROBLEM, STAGES, UNTIL, VERIFY, WITH_DEVICE

FORM, CREATING, WAITING = vu.DisplayingForm(VERIFY), vu.CreatingChallenge(VERIFY), vu.AwaitingChallenge(VERIFY, LINK)
RENEWING, EXTENDING = vu.RenewingCode(VERIFY, LINK), vu.ExtendingLink(VERIFY, LINK)
CANCELLING, EXPIRING = vu.CancellingChallenge(VERIFY, LINK.id), vu.ExpiringChallenge(VERIFY, LINK.id)
SUCCESS = vu.GoingToSuccess(VERIFY, LINK.id)
ERROR = vu.ReturnError(PROBLEM)
NEWS: dict[LinkStage, vu.After] = {
    LinkStage.SENDING: vu.AwaitingChallenge(VERIFY, STAGES[LinkStage.SENDING]),
    LinkStage.SENT: vu.AwaitingChallenge(VERIFY, STAGES[LinkStage.SENT]),
    LinkStage.CODE_RIGHT: vu.AwaitingChallenge(VERIFY, STAGES[LinkStage.CODE_RIGHT]),
    LinkStage.DEVICE_PASSED: vu.AwaitingChallenge(VERIFY, STAGES[LinkStage.DEVICE_PASSED]),
    LinkStage.APPROVED: SUCCESS,
    LinkStage.EXPIRED: EXPIRING,
    LinkStage.NOT_ME: vu.ReturnSuccess("notMe", note=PAGE_SAID_NO),
    LinkStage.NO_FACTOR: vu.ReturnSuccess(
        "cancelled", note="The caller cannot use any of their devices. Nothing was approved."
    ),
    LinkStage.RISKY: vu.DisplayingForm(VERIFY, "Nothing was approved. PingOne Protect: high risk.", refused=True),
    LinkStage.TOO_MANY_CODES: vu.DisplayingForm(VERIFY, "Too many wrong codes. That link opens nothing any more."),
    LinkStage.ENDED: vu.DisplayingForm(VERIFY, "That link was ended."),
    LinkStage.CANCELLED: vu.DisplayingForm(VERIFY, "That link was ended."),
    LinkStage.SETTING: vu.AwaitingChallenge(VERIFY, STAGES[LinkStage.SETTING]),
}

ROWS: list[Row] = [
    (FORM, a.SendChosen(), CREATING),
    (FORM, a.Cancelled(), vu.ReturnSuccess("cancelled")),
    (CREATING, r.LinkSent(LINK), WAITING),
    (CREATING, r.LinkNotSent("Frozen."), vu.DisplayingForm(VERIFY, "Frozen.", refused=True)),
    (
        CREATING,
        r.LinkNotSent("The mail server said no.", code="unavailable"),
        vu.DisplayingForm(VERIFY, f"The mail server said no. {vu.OTHER_WAYS}", code="unavailable"),
    ),
    (
        CREATING,
        FAILED,
        vu.DisplayingForm(VERIFY, f"No link is open. {PROBLEM.message} {vu.OTHER_WAYS}", code="timed_out"),
    ),
    *((WAITING, r.LinkChanged(STAGES[stage]), after) for stage, after in NEWS.items()),
    (WAITING, a.ResendChosen(), CREATING),
    (WAITING, a.NewCodeChosen(), RENEWING),
    (WAITING, a.MoreTimeChosen(), EXTENDING),
    (WAITING, a.LineDropped(), vu.ReturnSuccess("cancelled", line_dropped=True)),
    (WAITING, a.Cancelled(), CANCELLING),
    (WAITING, FAILED, ERROR),
    *((RENEWING, r.LinkChanged(STAGES[stage]), after) for stage, after in NEWS.items()),
    (RENEWING, FAILED, vu.AwaitingChallenge(VERIFY, LINK, PROBLEM.message)),
    *((EXTENDING, r.LinkChanged(STAGES[stage]), after) for stage, after in NEWS.items()),
    (
        EXTENDING,
        r.NoMoreTime(),
        vu.AwaitingChallenge(VERIFY, LINK, "This link cannot have more time. Send a new one."),
    ),
    (EXTENDING, FAILED, vu.AwaitingChallenge(VERIFY, LINK, PROBLEM.message)),
    (CANCELLING, r.LinkChanged(STAGES[LinkStage.ENDED]), vu.ReturnSuccess("cancelled")),
    (CANCELLING, FAILED, ERROR),
    (EXPIRING, r.LinkChanged(STAGES[LinkStage.EXPIRED]), vu.ReturnSuccess("expired")),
    (EXPIRING, FAILED, ERROR),
    (SUCCESS, r.WindowStarted(UNTIL, WITH_DEVICE), vu.ReturnSuccess("complete", UNTIL, WITH_DEVICE)),
    (SUCCESS, r.WindowRefused("Three calls are verified."), vu.DisplayingForm(VERIFY, "Three calls are verified.")),
    (SUCCESS, FAILED, ERROR),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_the_agents_side(state: vu.VerifyUserState, event: Event, after: vu.VerifyUserState) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize(
    "state", [FORM, CREATING, WAITING, RENEWING, EXTENDING, CANCELLING, EXPIRING, SUCCESS, ERROR], ids=name
)
def test_the_agents_side_takes_nothing_else(state: vu.VerifyUserState) -> None:
    refused(state, a.PasscodeGiven(Secret("123456")))


def test_its_outputs_say_how_it_ended() -> None:
    assert vu.ReturnSuccess("cancelled").want().outcome == vu.Outputs("cancelled")
    assert ERROR.want().outcome == vu.Outputs(error_message=PROBLEM.message, error_details=PROBLEM.details)


def test_every_stage_of_a_link_means_something_to_the_agent() -> None:
    assert NEWS.keys() == set(LinkStage)
