"""The look-up, branch by branch."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import look_up as lu
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Event, Failed, Problem
from tests.flows.tables import Row, name, refused, step_by_step
from tests.flows.values import ADA, FAILED, NO_MAIL

OPEN, WITH_TICKET = lu.Given(), lu.Given(ticket="HD-1")
STRICT, STRICT_WITH_TICKET = lu.Given(ticket_required=True), lu.Given(ticket_required=True, ticket="HD-1")
ASK, FIND, PICK = lu.AskUsername(OPEN), lu.FindingUser(WITH_TICKET, "ada"), lu.AskWhichUser(WITH_TICKET, (ADA, NO_MAIL))
EMPTY = "Type a user name, mail address, customer number or phone."
NO_TICKET = "A ticket number is needed. Type it beside the name."
NOBODY = "PingOne knows nobody by that. Check the spelling, or ask for the number."
ONLY_AD = "This account is only in AD, so PingOne cannot verify the caller. Hand the call to the AD team."

AD_GONE = "The directory cannot be reached. Try again in a moment."
AD_UNASKED = f"PingOne knows nobody by that, and AD cannot be asked now. {AD_GONE}"

ROWS: list[Row] = [
    (ASK, a.UsernameGiven(" ada ", " HD-1 "), FIND),
    (ASK, a.UsernameGiven("ada"), lu.FindingUser(OPEN, "ada")),
    (ASK, a.UsernameGiven("  ", "HD-1"), lu.AskUsername(WITH_TICKET, EMPTY, "invalid_value")),
    (ASK, a.UsernameGiven("x" * 257), lu.AskUsername(OPEN, lu.unfit("x" * 257), "invalid_value")),
    (ASK, a.UsernameGiven("a\x1b[31m"), lu.AskUsername(OPEN, lu.unfit("a\x1b[31m"), "invalid_value")),
    (lu.AskUsername(STRICT), a.UsernameGiven("ada", " "), lu.AskUsername(STRICT, NO_TICKET, "needs_answer")),
    (lu.AskUsername(STRICT), a.UsernameGiven("ada", "HD-1"), lu.FindingUser(STRICT_WITH_TICKET, "ada")),
    (ASK, a.CallEnded(), lu.EndedCall()),
    (FIND, r.UserFound(ADA), lu.Found(ADA, "HD-1")),
    (FIND, r.SeveralUsers((ADA, NO_MAIL)), PICK),
    (FIND, r.NoSuchUser(), lu.AskUsername(WITH_TICKET, NOBODY, "not_found")),
    (FIND, r.OnlyInDirectory(), lu.AskUsername(WITH_TICKET, ONLY_AD, "not_found")),
    (
        FIND,
        FAILED,
        lu.AskUsername(
            WITH_TICKET, f"Nobody was looked up. {FAILED.problem.message}", "timed_out", problem=FAILED.problem
        ),
    ),
    *(
        (
            lu.FindingUser(given, "ravi@home.example"),
            r.NoSuchUser(AD_GONE),
            lu.AskUsername(given, AD_UNASKED, "not_found"),
        )
        for given in (WITH_TICKET, replace(WITH_TICKET, invites=True))
    ),
    (PICK, a.UserChosen(NO_MAIL.id), lu.Found(NO_MAIL, "HD-1")),
    (PICK, a.UserChosen("somebody else"), PICK),
    (PICK, a.AnotherCustomerChosen(), lu.AskUsername(WITH_TICKET)),
    (PICK, a.CallEnded(), lu.EndedCall()),
]


@pytest.mark.parametrize(("state", "event", "after"), ROWS, ids=name)
def test_each_branch_of_the_look_up(state: lu.LookUpState, event: Event, after: lu.LookUpState) -> None:
    step_by_step(state, event, after)


@pytest.mark.parametrize("state", [ASK, FIND, PICK, lu.Found(ADA, ""), lu.EndedCall()], ids=name)
def test_the_look_up_takes_nothing_else(state: lu.LookUpState) -> None:
    refused(state, a.MagicLinkChosen())


@pytest.mark.parametrize(
    ("identifier", "words"),
    [("x" * 256, ""), ("x" * 257, "longer than any name"), ("\ud800", "characters that nobody can type"), ("", EMPTY)],
)
def test_what_nobody_can_bear_is_not_looked_up(identifier: str, words: str) -> None:
    assert words in lu.unfit(identifier)
    assert bool(words) == bool(lu.unfit(identifier))


def test_a_chosen_person_is_one_of_those_found() -> None:
    assert PICK.step(a.UserChosen("an id from elsewhere")) == PICK


def test_a_look_up_that_failed_carries_what_to_quote_to_an_administrator() -> None:
    problem = Problem("PingOne did not answer.", "status=500", "unavailable", "pingone-7")
    prompt = lu.FindingUser(OPEN, "ada").step(Failed(problem))
    assert isinstance(prompt, lu.AskUsername)
    asked = prompt.want().prompt
    assert (asked.details, asked.reference, asked.code) == ("status=500", "pingone-7", "unavailable")
    assert (ASK.want().prompt.details, ASK.want().prompt.reference) == ("", "")
