"""Whole calls from the shell, as programs of their own against a running sandbox."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from csrdesk.sandbox import Sandbox, people
from tests.cli.conftest import CSRDESK, Ran, change
from tests.cli.terminal import Customer, Terminal

Csrdesk = Callable[..., Awaitable[Ran]]


async def verified_call(box: Sandbox, settings: Path, username: str) -> str:
    """A call in which that person is verified; its id."""
    async with Terminal(settings, "call", "start", username, "--json") as agent:
        await Customer(box, f"{username}@mail.example").confirm(await agent.code())
        ran = await agent.ended()
    assert ran.code == 0, ran
    return str(ran.data["call"])


async def test_r_02_the_spoken_code_is_shown_on_the_terminal_and_in_no_pipe_json_or_mail(
    box: Sandbox, settings: Path
) -> None:
    async with Terminal(settings, "call", "start", people.ONE_DEVICE, "--json") as agent:
        code = await agent.code()
        customer = Customer(box, "ada@mail.example")
        mail = await customer.mail()
        page = await customer.confirm(code)
        ran = await agent.ended()
    assert ran.code == 0
    assert ran.data["verified"] is True
    assert ran.data["authMethod"] == "ml sms"
    elsewhere = " ".join([ran.out, ran.err, str(mail), page, *_bytes_of_desk(settings)])
    for written in (code, f"{code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}"):
        assert written not in elsewhere


def _bytes_of_desk(settings: Path) -> list[str]:
    files = [path for path in (settings.parent / "data").iterdir() if path.is_file()]
    assert {"desk.sqlite3", "desk.lock", "csrdesk.log"} <= {path.name for path in files}
    return [path.read_bytes().decode("latin-1") for path in files]


async def test_the_links_life_is_told_as_it_changes(box: Sandbox, settings: Path) -> None:
    async with Terminal(settings, "call", "start", people.ONE_DEVICE) as agent:
        await Customer(box, "ada@mail.example").confirm(await agent.code())
        ran = await agent.ended()
    told = [
        "Call [0-9a-f]+: Ada Lindqvist",
        r"Link sent to a\*\*\*@m\*\*\*.example, reference [A-Z0-9]{3}-[A-Z0-9]{3}",
        "accepted by the mail server; waiting for the code, until ",
        r"link fetched once, last by python-httpx\S* \(mail scanners fetch, too\)",
        "code right; waiting for the device, until ",
    ]
    assert re.search(".*".join(told), ran.err, re.DOTALL), ran.err
    assert re.fullmatch(
        r"[0-9a-f]+  Ada Lindqvist: verified until \d\d:\d\d:\d\d\n  authentication: link, code and device \(weak\)\n",
        ran.out,
    )


async def test_r_09_a_wrong_code_is_told_as_wrong_and_nothing_is_said_of_tries_after_the_right_one(
    box: Sandbox, settings: Path
) -> None:
    async with Terminal(settings, "call", "start", people.ONE_DEVICE, talk_here=True) as agent:
        code = await agent.code()
        await Customer(box, "ada@mail.example").confirm("000000" if code != "000000" else "111111")
        await agent.shows("wrong code; tries left: 4")
        await Customer(box, "ada@mail.example").confirm(code)
        ran = await agent.ended()
    assert ran.code == 0
    after = agent.screen.partition("tries left: 4")[2]
    assert "code right; waiting for the device" in after
    assert "tries left" not in after
    assert agent.screen.count("tries left") == 1


async def test_who_cannot_be_sent_a_link_is_told_why_device_by_device_and_of_the_other_ways(settings: Path) -> None:
    async with Terminal(settings, "call", "start", people.DEVICE_LOCKED, "--json") as agent:
        ran = await agent.ended()
    assert "none can be used now" in ran.error["errorMessage"]
    said = " ".join(ran.envelope["messages"])
    assert "locked after wrong tries" in said
    assert "Push to the app: not now:" in said
    async with Terminal(settings, "call", "start", people.NO_EMAIL_PASSKEY) as agent:
        ran = await agent.ended()
    assert ran.code == 6
    assert "csrdesk: Not verified. Magic link: There is no mail address on record" in ran.err
    assert f"csrdesk call start {people.NO_EMAIL_PASSKEY} --way spoken-address" in ran.err


async def test_without_a_terminal_nothing_is_sent(csrdesk: Csrdesk, box: Sandbox) -> None:
    ran = await csrdesk("call", "start", people.ONE_DEVICE, "--json")
    assert (ran.code, ran.error["code"], ran.error["errorDetails"]) == (4, "needs_answer", "prompt=terminal")
    assert not (await Customer(box, "ada@mail.example").things("mails"))


@pytest.mark.parametrize(
    ("identifier", "exit_code", "code"),
    [
        ("berg@family.example", 4, "needs_answer"),
        ("nobody at all", 1, "not_found"),
        ("", 1, "invalid_value"),
        ("x" * 300, 1, "invalid_value"),
        ('*)(uid=*"\\\x1b[31m', 1, "invalid_value"),
        (people.ONLY_AD, 1, "not_found"),
        (people.PROTECTED, 6, "forbidden"),
        (people.DEVICE_LOCKED, 6, "not_verified"),
        (people.NO_EMAIL, 6, "not_verified"),
    ],
)
async def test_who_cannot_be_verified_ends_the_call_with_a_code_of_its_own(
    settings: Path, csrdesk: Csrdesk, identifier: str, exit_code: int, code: str
) -> None:
    async with Terminal(settings, "call", "start", identifier, "--json") as agent:
        ran = await agent.ended()
    assert (ran.code, ran.error["code"]) == (exit_code, code), ran
    assert "\x1b" not in ran.out + ran.err
    assert (await csrdesk("call", "list", "--json")).data == []


@pytest.mark.parametrize(
    ("status", "exit_code", "code"), [(450, 3, "unavailable"), (550, 1, "invalid_value")], ids=["for now", "for good"]
)
async def test_a_mail_server_that_takes_no_link_ends_with_the_code_of_a_service(
    box: Sandbox, settings: Path, status: int, exit_code: int, code: str
) -> None:
    box.faults.add(method="SMTP", status=status)
    async with Terminal(settings, "call", "start", people.ONE_DEVICE, "--json") as agent:
        ran = await agent.ended()
    assert (ran.code, ran.error["code"], ran.data["verified"]) == (exit_code, code, False)
    assert "The link was not sent." in ran.error["errorMessage"]
    assert "Without a link nobody is verified" in ran.error["errorMessage"]
    assert "csrdesk user disable --protective" in ran.error["errorMessage"]
    assert "Cancel" not in ran.error["errorMessage"]


async def test_with_pingone_down_a_script_ends_with_the_code_of_a_service_and_can_only_protect(
    box: Sandbox, csrdesk: Csrdesk
) -> None:
    box.faults.add(path="/users", status=503)
    shown = await csrdesk("user", "show", "ada", "--json")
    assert (shown.code, shown.error["code"]) == (3, "unavailable")
    assert shown.error["errorMessage"].startswith("PingOne cannot be asked, so nobody can be verified now.")
    why = ("--reason", "a stranger has it", "--ticket", "INC-1", "--yes", "--json")
    closed = await csrdesk("user", "disable", "ada", "--protective", *why)
    assert (closed.code, closed.error["code"], closed.data["halfDone"]) == (1, "half_done", True)
    assert [(line["text"].partition(",")[0], line["ok"]) for line in closed.data["lines"]] == [
        ("AD: disabled", True),
        ("PingOne: not disabled", False),
        ("Customer: told by mail", True),
    ]


async def test_several_people_are_told_apart_by_what_may_be_shown(csrdesk: Csrdesk) -> None:
    ran = await csrdesk("user", "show", "berg@family.example", "--json")
    assert ran.code == 4
    candidates = ran.data["candidates"]
    assert {(c["username"], c["number_ending"]) for c in candidates} == {("jonas", "50"), ("jonna", "51")}
    assert {c["email"] for c in candidates} == {"b***g@f***.example"}


async def test_a_wrong_link_and_five_wrong_codes_end_not_verified(box: Sandbox, settings: Path) -> None:
    async with Terminal(settings, "call", "start", people.ONE_DEVICE, "--json") as agent:
        code = await agent.code()
        wrong = "000000" if code != "000000" else "111111"
        for _ in range(5):
            await Customer(box, "ada@mail.example").confirm(wrong)
        ran = await agent.ended()
    assert (ran.code, ran.error["code"], ran.data["verified"]) == (6, "not_verified", False)


async def test_a_verified_call_lets_show_disable_and_enable_and_only_that_person(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    call = await verified_call(box, settings, people.ONE_DEVICE)
    shown = await csrdesk("user", "show", "ada", "--call", call, "--json")
    assert (shown.code, shown.data["accountStatus"], shown.data["buttonLabel"]) == (0, "ACTIVE", "Disable")
    assert shown.data["p1Email"] == "a***@m***.example"

    other = await csrdesk("user", "disable", "bruno", "--call", call, "--reason", "r", "--yes", "--json")
    assert (other.code, other.error["code"]) == (6, "not_verified")
    assert other.error["errorMessage"].startswith("This call verified somebody else")

    disabled = await csrdesk("user", "disable", "ada", "--call", call, "--reason", "laptop stolen", "--yes", "--json")
    assert (disabled.code, disabled.data["accountStatus"]) == (0, "DISABLED")
    assert [line["text"] for line in disabled.data["lines"]] == [
        "AD: disabled",
        "PingOne: disabled",
        "PingOne: 2 sessions ended",
        "What lives on: apps up to 60 min, Windows sign-ins up to 10 h",
        "Customer: told by mail",
    ]
    again = await csrdesk("user", "disable", "ada", "--call", call, "--reason", "laptop stolen", "--yes")
    assert again.code == 0
    assert "already disabled. Nothing was written." in again.out

    enabled = await csrdesk("user", "enable", "ada", "--call", call, "--reason", "laptop found", "--yes", "--json")
    assert (enabled.code, enabled.data["accountStatus"]) == (0, "ACTIVE")

    audit = await csrdesk("audit", "list", "--call", call, "--json")
    acts = [(row["kind"], row["action"], row["reason"]) for row in audit.data if row["kind"] in ("intent", "outcome")]
    assert ("intent", "pingone.set_enabled", "laptop stolen") in acts
    assert ("outcome", "ad.set_enabled", "laptop found") in acts
    refused = [(row["action"], row["details"]["asked_for"]) for row in audit.data if row["kind"] == "refused"]
    assert refused == [("verification.required", "disable")]

    assert (await csrdesk("call", "end", call)).out == f"Call {call} is over.\n"
    late = await csrdesk("user", "enable", "ada", "--call", call, "--reason", "r", "--yes", "--json")
    assert (late.code, late.error["code"]) == (1, "no_such_flow")


async def test_r_30_without_a_verified_call_nothing_that_gives_access_is_done(csrdesk: Csrdesk) -> None:
    for words in (["enable", "karim"], ["disable", "ada"], ["enable", "karim", "--call", "made-up"]):
        ran = await csrdesk("user", *words, "--reason", "r", "--ticket", "T", "--yes", "--json")
        assert ran.code in (1, 6)
        assert ran.error["code"] in ("not_verified", "no_such_flow")
    audit = await csrdesk("audit", "list", "--json")
    assert {row["kind"] for row in audit.data} <= {"refused", "lookup", "event"}


async def test_protective_disable_needs_reason_and_ticket_and_no_proof(csrdesk: Csrdesk) -> None:
    words = ["user", "disable", "ada", "--protective", "--yes", "--json"]
    no_reason = await csrdesk(*words)
    assert (no_reason.code, no_reason.error["errorDetails"]) == (4, "prompt=--reason")
    no_ticket = await csrdesk(*words, "--reason", "taken over")
    assert (no_ticket.code, no_ticket.error["errorDetails"]) == (4, "prompt=--ticket")
    done = await csrdesk(*words, "--reason", "taken over", "--ticket", "INC-1")
    assert (done.code, done.data["accountStatus"]) == (0, "DISABLED")
    protected = await csrdesk(
        "user", "disable", people.PROTECTED, "--protective", "--yes", "--json", "--reason", "r", "--ticket", "T"
    )
    assert (protected.code, protected.error["code"]) == (6, "forbidden")


async def test_nobody_there_and_no_yes_is_a_missing_answer(csrdesk: Csrdesk) -> None:
    words = ["user", "disable", "ada", "--protective", "--reason", "r", "--ticket", "T", "--json"]
    ran = await csrdesk(*words, typed=b"y\n")
    assert (ran.code, ran.error["code"], ran.error["errorDetails"]) == (4, "needs_answer", "prompt=--yes")


@pytest.mark.parametrize(("typed", "code"), [("\n", 4), ("n\n", 4), ("y\n", 0)])
async def test_a_write_asks_for_what_is_missing_and_shows_whom_and_what(settings: Path, typed: str, code: int) -> None:
    words = ["user", "disable", "ada", "--protective", "--json"]
    async with Terminal(settings, *words, talk_here=True) as agent:
        await agent.shows("Reason:")
        agent.type("taken over\n")
        await agent.shows("Ticket:")
        agent.type("INC-7\n")
        await agent.shows(r"Do it\? \[y/N\]")
        assert "Ada Lindqvist (ada, a***@m***.example, Care staff)" in agent.screen
        assert "disable the account in AD and PingOne, and end every PingOne session" in agent.screen
        assert "none; marked unverified" in agent.screen
        assert "taken over (ticket INC-7)" in agent.screen
        agent.type(typed)
        ran = await agent.ended()
    assert ran.code == code
    assert (ran.data is None) == (code == 4)


async def test_ctrl_c_says_what_stays_open_and_the_call_can_be_ended(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    async with Terminal(settings, "call", "start", people.ONE_DEVICE) as agent:
        await agent.code()
        agent.interrupt()
        ran = await agent.ended()
    assert (ran.code, ran.out) == (130, "")
    open_calls = (await csrdesk("call", "list", "--json")).data
    assert [call["stage"] for call in open_calls] == ["link sent"]
    assert f"csrdesk call end {open_calls[0]['id']}" in ran.err
    assert "Traceback" not in ran.err
    await csrdesk("call", "end", open_calls[0]["id"])
    assert (await csrdesk("call", "list", "--json")).data == []


async def test_another_process_serves_and_a_call_that_nobody_watched_is_caught_up_with(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    unserved = Terminal(settings, "call", "start", people.ONE_DEVICE, "--no-wait", "--json")
    async with unserved as agent:
        ran = await agent.ended()
    assert ran.code == 6
    assert "Nobody serves the customers' pages" in ran.error["errorMessage"]

    server = await asyncio.create_subprocess_exec(
        CSRDESK, "serve", stderr=asyncio.subprocess.PIPE, env=os.environ | {"CSRDESK_CONFIG": str(settings)}
    )
    assert server.stderr
    assert b"Serving the customers' pages at http://localhost:" in await server.stderr.readline()
    try:
        second = await csrdesk("serve", "--help")
        assert second.code == 0
        async with Terminal(settings, "call", "start", people.ONE_DEVICE, "--no-wait", "--json") as agent:
            code = await agent.code()
            ran = await agent.ended()
        assert (ran.code, ran.data["verified"]) == (0, False)
        await Customer(box, "ada@mail.example").confirm(code)
        shown = await csrdesk("call", "show", ran.data["call"], "--json")
        assert shown.data["call"]["stage"].startswith("verified until")
        refused = await csrdesk("serve")
        assert (refused.code, refused.out) == (1, "")
        assert f"Process {server.pid} serves the customers' pages already." in refused.err
    finally:
        server.terminate()
        _, said = await asyncio.wait_for(server.communicate(), 60)
    assert (server.returncode, said) == (0, b"")


async def test_pingone_down_is_exit_3_and_wrong_credentials_are_exit_5(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    change(settings.parent / "pingone-client-secret", box.settings().client_secret, "wrong")
    ran = await csrdesk("user", "show", "ada", "--json")
    assert (ran.code, ran.error["code"]) == (5, "unauthorized")
    change(settings, box.settings().auth_url, "http://127.0.0.1:1")
    ran = await csrdesk("user", "show", "ada", "--json")
    assert (ran.code, ran.error["code"]) == (3, "unreachable")
    assert ran.envelope["data"] is None


PROTECT = ("user", "disable", "ada", "--protective", "--reason", "taken over", "--ticket", "INC-1", "--yes", "--json")


async def test_half_done_is_said_and_trying_again_is_safe(box: Sandbox, csrdesk: Csrdesk) -> None:
    box.faults.add(path="/directory/modify", status=503)
    ran = await csrdesk(*PROTECT)
    assert (ran.code, ran.error["code"], ran.data["halfDone"]) == (1, "half_done", True)
    assert [line["ok"] for line in ran.data["lines"] if not line["aside"]] == [False, True, True]
    box.faults.clear()
    again = await csrdesk(*PROTECT)
    assert (again.code, again.data["accountStatus"]) == (0, "DISABLED")
    assert again.data["responseData"]["directory"]["disabled"] is True


async def test_r_36_a_command_waits_for_its_mail_and_says_so(box: Sandbox, csrdesk: Csrdesk) -> None:
    box.faults.add(method="SMTP", status=450, times=1)
    ran = await csrdesk(*PROTECT)
    assert (ran.code, ran.data["lines"][-1]["text"]) == (0, "Customer: told by mail")
    assert "Done. The mail server did not take the mail to the customer; trying again ...\n" in ran.err
    (mail,) = [mail for mail in box.world.mails if mail.subject == "Account Disabled"]
    assert mail.to == "ada@mail.example"


async def test_r_36_a_mail_that_is_given_up_is_said_and_the_act_stays_done(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    with settings.open("a", encoding="utf-8") as file:
        file.write("\n[limits]\nnotice_seconds = 10\n")
    box.faults.add(method="SMTP", status=450)
    ran = await csrdesk(*PROTECT)
    assert (ran.code, ran.data["accountStatus"], ran.data["halfDone"]) == (0, "DISABLED", False)
    last = ran.data["lines"][-1]
    assert (last["ok"], last["aside"]) == (False, True)
    assert last["text"].startswith("Customer: not told. The mail server did not take the mail")
    assert last["text"].endswith("Tell them yourself.")
    audit = (await csrdesk("audit", "list", "--json")).data
    assert "notice.not_sent" in {row["action"] for row in audit if row["kind"] == "alert"}


async def test_r_48_a_server_that_ignores_the_change_is_no_success(box: Sandbox, csrdesk: Csrdesk) -> None:
    box.faults.add(ignore_write=True, method="PUT")
    box.faults.add(ignore_write=True, path="/directory/modify")
    ran = await csrdesk(*PROTECT)
    assert ran.code == 1
    assert [line["ok"] for line in ran.data["lines"]][:2] == [False, False]
    assert ran.data["accountStatus"] == "ACTIVE"


async def test_r_47_a_hostile_name_is_text_on_the_terminal_and_in_json(settings: Path, csrdesk: Csrdesk) -> None:
    obeyed = {"\x1b", "\x07", "\x9b", "\u202e", "\u202c", "\u2066"}
    async with Terminal(settings, "user", "show", people.HOSTILE_NAME, talk_here=True) as agent:
        plain = await agent.ended()
    json = await csrdesk("user", "show", people.HOSTILE_NAME, "--json")
    assert (plain.code, json.code) == (0, 0)
    assert "tor</b> *)(uid=*" in plain.out
    assert not obeyed & set(plain.out + agent.screen + json.out)
