"""An invitation to register, branch by branch: counted, mailed, watched; it verifies nobody and keeps no address."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import csr_main as cm
from csrdesk.flows import invitation_effects as ix
from csrdesk.flows import look_up as lu
from csrdesk.flows import prompts as p
from csrdesk.flows import registration_invitation as gi
from csrdesk.flows import replies as r
from csrdesk.flows.caller import Given
from csrdesk.flows.kernel import Done, Event, Failed, Problem, State
from csrdesk.flows.rules import Rules
from csrdesk.model.recovery import Progress, Stage
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import FAILED, PROBLEM, UNTIL

ADDRESS, TO, MARK = "new@mail.example", "n***w@m***.example", "hash-of-new"
COUNTING, INVITING = gi.begin(ADDRESS), gi.Inviting(ADDRESS, MARK)
WATCHING = gi.Watching(TO, UNTIL, MARK)
BUSY = Failed(Problem("PingOne asks for a pause.", code="rate_limited"))
FURTHER = Progress(Stage.VERIFIED, UNTIL, UNTIL, 1)
ON, OFF = lu.Given(ticket="HD-1", invites=True), lu.Given(ticket="HD-1")
NOBODY = "PingOne knows nobody by that."
CAN_BE = f"{NOBODY} Who has no account yet can be invited at that address."
FREE = lu.AskUsername(ON, CAN_BE, "not_found", ADDRESS)
CALL = Given(Rules(registration=True), "HD-1")
NOT_INVITED = (
    "Nobody was invited. Look their mail address up first: where nobody has it, and settings have a page to register, "
    "it can be invited."
)

ROWS: list[Row] = [
    (lu.FindingUser(ON, ADDRESS), r.NoSuchUser(), FREE),
    (
        lu.FindingUser(ON, "new.nurse"),
        r.NoSuchUser(),
        lu.AskUsername(ON, f"{NOBODY} Check the spelling, or ask for the number.", "not_found"),
    ),
    (
        lu.FindingUser(OFF, ADDRESS),
        r.NoSuchUser(),
        lu.AskUsername(OFF, f"{NOBODY} Check the spelling, or ask for the number.", "not_found"),
    ),
    (FREE, a.InviteChosen(), lu.InvitationChosen(ADDRESS, "HD-1")),
    (FREE, a.UsernameGiven("ada", "HD-2"), lu.FindingUser(replace(ON, ticket="HD-2"), "ada")),
    (lu.AskUsername(ON), a.InviteChosen(), lu.AskUsername(ON, NOT_INVITED, "conflict")),
    (COUNTING, ix.InvitationCounted(MARK), INVITING),
    (COUNTING, FAILED, gi.WentBack(f"Nobody was invited. {PROBLEM.message}", PROBLEM.code)),
    (INVITING, ix.Invited(TO, UNTIL), WATCHING),
    (INVITING, ix.NotInvited("No."), gi.WentBack("No.", "conflict")),
    (
        INVITING,
        FAILED,
        gi.WentBack(f"Nobody knows whether the invitation was sent. {PROBLEM.message}", PROBLEM.code),
    ),
    (INVITING, BUSY, gi.WentBack("Nobody was invited. PingOne asks for a pause.", "rate_limited")),
    (WATCHING, ix.RegistrationIs(FURTHER), replace(WATCHING, progress=FURTHER)),
    (WATCHING, a.BackChosen(), gi.WentBack()),
    (WATCHING, a.CallEnded(), gi.EndedCall()),
    (
        WATCHING,
        FAILED,
        gi.WentBack(f"How far they are cannot be read now. {PROBLEM.message}", PROBLEM.code),
    ),
    (cm.LookingUp(CALL, FREE), a.InviteChosen(), cm.InvitingToRegister(CALL, COUNTING)),
    (cm.InvitingToRegister(CALL, COUNTING), ix.InvitationCounted(MARK), cm.InvitingToRegister(CALL, INVITING)),
    (cm.InvitingToRegister(CALL, INVITING), ix.NotInvited("No."), cm.look_up(CALL, "No.", "conflict")),
    (cm.InvitingToRegister(CALL, WATCHING), a.BackChosen(), cm.look_up(CALL)),
    (cm.InvitingToRegister(CALL, WATCHING), a.CallEnded(), cm.EndingCall()),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_an_invitation(state: State, event: Event, after: State) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", [COUNTING, INVITING, WATCHING], ids=name)
def test_it_takes_nothing_else(state: State) -> None:
    refused(state, a.SendChosen())


def test_an_agent_is_offered_an_invitation_only_where_nobody_has_the_address() -> None:
    assert FREE.want().prompt.invitable
    assert not lu.AskUsername(ON).want().prompt.invitable
    assert FREE.want().prompt == p.UsernamePrompt(False, "HD-1", CAN_BE, "not_found", invitable=True)


def test_once_the_mail_has_gone_the_address_is_kept_nowhere() -> None:
    assert ADDRESS not in repr(WATCHING)
    assert ADDRESS not in repr(WATCHING.want())
    assert ADDRESS not in repr(FREE.want())


@pytest.mark.parametrize("end", [gi.WentBack(), gi.EndedCall(), lu.InvitationChosen(ADDRESS, "")], ids=name)
def test_its_ends_take_nothing(end: State) -> None:
    refused(end, a.BackChosen())
    assert isinstance(end.want(), Done)
