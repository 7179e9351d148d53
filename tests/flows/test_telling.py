"""A mail that is not taken at once: the agent reads on meanwhile, and the line is mended when it is known."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import account_management as am
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import protective_disable as pd
from csrdesk.flows import replies as r
from csrdesk.flows import user_functions as uf
from csrdesk.flows.kernel import Ask, Event, Poll, Replies, State
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.telling import Later
from csrdesk.model.proofs import Act
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import ADA, DISABLED, DN, FAILED, NOT_TOLD, QUEUED, TOLD, UNTIL, WITH_DEVICE

VERIFIED, NEEDS = am.Verified(ADA, DN, WITH_DEVICE, UNTIL, "HD-1"), am.Needs()
DONE = (ResultLine("AD: disabled"),)
HALF = (*DONE, ResultLine("PingOne: not disabled.", ok=False))
LATER = Later("notice-1", "Busy.", UNTIL)
TASK = uf.Task("disableUser", ADA.id, ADA, DN, Act.DISABLE, "Caller asked.", "HD-1")
PROTECT = replace(TASK, act=Act.PROTECT)
IN_CALL = am.ChangingAccount(VERIFIED, NEEDS, Act.DISABLE, uf.ReadingBack(TASK, DONE, changed=True))
HALF_IN_CALL = replace(IN_CALL, sub=uf.ReadingBack(TASK, HALF, changed=True))
BEFORE = pd.Disabling(ADA, uf.ReadingBack(PROTECT, DONE, changed=True))
HALF_BEFORE = replace(BEFORE, sub=uf.ReadingBack(PROTECT, HALF, changed=True))
QUEUES = Replies((r.AccountRead(DISABLED), QUEUED))
SHOWN = am.ShowingNotice(VERIFIED, NEEDS, Act.DISABLE, DONE, later=LATER)
SHOWN_BEFORE = pd.Showing(ADA, DONE, later=LATER)
SAID = ResultLine("Customer: told by mail", aside=True)
NOT_SAID = ResultLine("Customer: not told. No mail server is set up. Tell them yourself.", ok=False, aside=True)

ROWS: list[Row] = [
    (IN_CALL, QUEUES, SHOWN),
    (HALF_IN_CALL, QUEUES, replace(SHOWN, lines=HALF, half_done=True, again=TASK)),
    (SHOWN, TOLD, replace(SHOWN, lines=(*DONE, SAID), later=None)),
    (SHOWN, NOT_TOLD, replace(SHOWN, lines=(*DONE, NOT_SAID), later=None)),
    (SHOWN, a.CallEnded(), am.EndedCall()),
    (BEFORE, QUEUES, SHOWN_BEFORE),
    (HALF_BEFORE, QUEUES, replace(SHOWN_BEFORE, lines=HALF, half_done=True, again=PROTECT)),
    (SHOWN_BEFORE, TOLD, replace(SHOWN_BEFORE, lines=(*DONE, SAID), later=None)),
    (SHOWN_BEFORE, a.NoticeRead(), pd.Finished(ADA)),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_r_36_the_result_is_shown_at_once_and_whether_they_were_told_when_it_is_known(
    state: State, event: Event, after: State
) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", [SHOWN, SHOWN_BEFORE], ids=name)
def test_r_36_the_notice_is_watched_until_the_mail_is_sent_or_given_up(state: am.ShowingNotice | pd.Showing) -> None:
    want = state.want()
    assert isinstance(want, Poll)
    assert want.effect == fx.AwaitNotice(person_id=ADA.id, notice_id="notice-1")
    assert want.prompt.lines == (*DONE, LATER.line)
    known = replace(state, later=None)
    assert isinstance(known.want(), Ask)
    refused(known, TOLD)
    failed = state.step(FAILED)
    assert isinstance(failed, am.ShowingNotice | pd.Showing)
    assert failed.lines[-1].text.startswith("Customer: maybe not told.")
