"""`csrdesk user disable --from FILE` and its kin, as programs of their own against a running sandbox."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import pwd
import signal
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from csrdesk.cli.bulk_plan import REHEARSED, REQUESTS
from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.sandbox.crowd import crowd
from tests.cli.conftest import CSRDESK, Ran, change
from tests.cli.terminal import Terminal

Csrdesk = Callable[..., Awaitable[Ran]]
ME = pwd.getpwuid(os.getuid()).pw_name
WHY = ("--reason", "left the company", "--ticket", "HR-7")
DISABLE = ("user", "disable", "--from", "leavers.csv", *WHY, "--yes", "--json")
NAMES = [person.username for person in crowd()]
LATENCY_MS = 50
"""Of each call outside where a run is looked at before it is over: 28 accounts, 8 at a time, then take some seconds."""


@pytest.fixture(autouse=True)
def named(settings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings name this account for lists, and it works in a folder of its own."""
    change(settings, "[desk]\n", f'[desk]\nbulk_identities = ["{ME}"]\nbulk_restore = true\n')
    change(settings, "[pingone]\n", "[pingone]\nrequests_per_second = 2000.0\n")
    change(settings, "[mail]\n", "[mail]\nmails_per_second = 1000.0\n")
    monkeypatch.chdir(tmp_path)


def results(path: str = "leavers.result.csv") -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def came(path: str = "leavers.result.csv") -> dict[str, str]:
    return {row["identifier"]: row["result"] for row in results(path)}


def mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def lines_of_results() -> int:
    path = Path("leavers.result.csv")
    return path.read_bytes().count(b"\n") if path.exists() else 0


def write(*lines: str, path: str = "leavers.csv", encoding: str = "utf-8") -> None:
    Path(path).write_text("\n".join(lines) + "\n", encoding)


def enabled(box: Sandbox, username: str) -> bool:
    return bool(box.world.user(username).enabled)


def with_account(names: list[str]) -> list[str]:
    """Those who have an AD account, too."""
    return [person.username for person in crowd() if person.username in names and person.in_directory]


async def test_a_list_is_disabled_in_both_directories_and_told_line_by_line(box: Sandbox, csrdesk: Csrdesk) -> None:
    some = NAMES[:5]
    write("Name;UserName", *(f"somebody;{name}" for name in some))
    ran = await csrdesk(*DISABLE)
    assert ran.code == 0, ran
    data: Any = ran.data
    assert (data["accounts"], data["done"], data["column"], data["notBegun"]) == (5, 5, "UserName", 0)
    assert not any(enabled(box, name) for name in some)
    told = {(row["line"], row["identifier"], row["result"], row["run"]) for row in results()}
    assert told == {(str(line), name, "done", data["run"]) for line, name in enumerate(some, 2)}
    assert mode("leavers.result.csv") == 0o600


async def test_r_60_each_account_of_a_list_has_an_intent_and_an_outcome_marked_unverified_and_bulk(
    csrdesk: Csrdesk,
) -> None:
    some = NAMES[:3]
    write(*some)
    run = (await csrdesk(*DISABLE)).data["run"]
    rows = (await csrdesk("audit", "list", "--call", run, "--limit", "1000", "--json")).data
    acts = [row for row in rows if "act" in row["details"]]
    writes = 2 * len(some) + len(with_account(some))
    for kind in ("intent", "outcome"):
        of_kind = [row for row in acts if row["kind"] == kind]
        assert len(of_kind) == writes
        assert {(a["details"]["verified"], a["details"]["bulk"], a["ticket"]) for a in of_kind} == {
            (False, True, "HR-7")
        }
    assert [row["action"] for row in rows if row["action"].startswith("bulk")] == ["bulk.started", "bulk.ended"]
    assert "audit is" not in (await csrdesk("audit", "verify")).err


async def test_r_39_protected_and_unknown_people_are_refused_line_by_line_and_the_rest_is_done(
    box: Sandbox, csrdesk: Csrdesk
) -> None:
    write("username", NAMES[0], people.PROTECTED, "nobody.here", NAMES[1])
    ran = await csrdesk(*DISABLE)
    assert (ran.code, ran.error["code"], ran.data["done"], ran.data["refused"]) == (8, "partly", 2, 2)
    assert came() == {NAMES[0]: "done", people.PROTECTED: "refused", "nobody.here": "refused", NAMES[1]: "done"}
    assert enabled(box, people.PROTECTED)
    assert "Trying again would say the same." in ran.error["errorMessage"]


async def test_the_exit_code_tells_all_some_and_none(csrdesk: Csrdesk) -> None:
    codes = []
    for number, names in enumerate(([NAMES[0]], [NAMES[1], "nobody.here"], ["nobody.here"])):
        write(*names)
        codes.append((await csrdesk(*DISABLE, "--result", f"{number}.csv")).code)
    assert codes == [0, 8, 1]


async def test_r_30_a_list_needs_settings_that_name_the_account_and_a_reason_and_a_ticket(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    write(NAMES[0])
    no_ticket = await csrdesk("user", "disable", "--from", "leavers.csv", "--reason", "r", "--yes", "--json")
    assert (no_ticket.code, no_ticket.error["errorDetails"]) == (4, "prompt=--ticket")
    nobody_confirms = await csrdesk("user", "disable", "--from", "leavers.csv", *WHY, "--json")
    assert (nobody_confirms.code, nobody_confirms.error["errorDetails"]) == (4, "prompt=--yes")
    change(settings, "bulk_restore = true", "bulk_restore = false")
    for act in ("enable", "unlock"):
        restored = await csrdesk("user", act, *DISABLE[2:])
        assert (restored.code, "bulk_restore" in restored.error["errorMessage"]) == (6, True)
    change(settings, f'bulk_identities = ["{ME}"]', f'bulk_identities = ["not-{ME}"]')
    refused = await csrdesk(*DISABLE)
    assert (refused.code, refused.error["code"]) == (6, "forbidden")
    assert enabled(box, NAMES[0])
    assert lines_of_results() == 0


async def test_what_a_list_disabled_it_can_enable_again_and_nothing_else(box: Sandbox, csrdesk: Csrdesk) -> None:
    write(NAMES[0], NAMES[1])
    assert (await csrdesk(*DISABLE)).code == 0
    write(NAMES[0], NAMES[1], people.DISABLED_BY_OTHERS, path="back.csv")
    ran = await csrdesk("user", "enable", "--from", "back.csv", *WHY, "--yes", "--json")
    assert ran.code == 8
    assert enabled(box, NAMES[0])
    assert not enabled(box, people.DISABLED_BY_OTHERS)
    others = next(row for row in results("back.result.csv") if row["identifier"] == people.DISABLED_BY_OTHERS)
    assert "not by the help desk" in others["what"]


async def test_r_52_a_list_is_unlocked_where_settings_allow_it(box: Sandbox, csrdesk: Csrdesk) -> None:
    write(people.AD_LOCKED)
    ran = await csrdesk("user", "unlock", "--from", "leavers.csv", *WHY, "--yes", "--json")
    assert (ran.code, ran.data["done"]) == (0, 1)
    assert box.world.entry(people.AD_LOCKED).first("lockoutTime") == "0"


async def test_a_wrong_list_is_named_line_by_line_and_nothing_is_done(box: Sandbox, csrdesk: Csrdesk) -> None:
    write("username,why", f"{NAMES[0]},x", ",y", "z\x00,y", "n\xe9e,y", "one", encoding="latin-1")
    ran = await csrdesk(*DISABLE)
    assert (ran.code, ran.error["code"]) == (1, "invalid_value")
    assert [problem.partition(":")[0] for problem in ran.data["problems"]] == ["line 3", "line 4", "line 5", "line 6"]
    assert enabled(box, NAMES[0])


async def test_a_list_comes_from_standard_input_with_a_result_file_of_ones_choice(csrdesk: Csrdesk) -> None:
    words = ("user", "disable", "--from", "-", *WHY, "--yes", "--json")
    unnamed = await csrdesk(*words, typed=b"x\n")
    assert (unnamed.code, unnamed.error["errorDetails"]) == (4, "prompt=--result")
    ran = await csrdesk(*words, "--result", "out.csv", typed=f"{NAMES[0]}\r\n\r\n{NAMES[1]}".encode())
    assert (ran.code, ran.data["blankLines"], came("out.csv")) == (0, 1, {NAMES[0]: "done", NAMES[1]: "done"})


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "leavers.csv", "ada"),
        ("--from", "leavers.csv", "--call", "x"),
        ("--from", "leavers.csv", "--protective"),
        ("--resume", "ada"),
        (),
    ],
)
async def test_what_belongs_to_one_account_and_what_to_a_list_do_not_mix(
    csrdesk: Csrdesk, words: tuple[str, ...]
) -> None:
    ran = await csrdesk("user", "disable", *words, *WHY, "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")


async def test_a_dry_run_writes_nothing_and_says_what_would_be_written(box: Sandbox, csrdesk: Csrdesk) -> None:
    write(NAMES[0], people.PROTECTED)
    ran = await csrdesk("user", "disable", "--from", "leavers.csv", *WHY, "--dry-run", "--json")
    assert (ran.code, ran.data["would"], ran.data["refused"]) == (8, 1, 1)
    told = {row["identifier"]: row for row in results("leavers.dry-run.csv")}
    assert "PingOne: disable the user" in told[NAMES[0]]["what"]
    assert told[people.PROTECTED]["result"] == "refused"
    assert enabled(box, NAMES[0])
    audit = (await csrdesk("audit", "list", "--json")).data
    assert not [row for row in audit if row["kind"] in ("intent", "outcome")]
    real = await csrdesk(*DISABLE, "--result", "leavers.dry-run.csv", "--resume")
    assert "the result of something else" in real.error["errorMessage"]


async def test_what_failed_is_tried_again_by_a_resumed_run_and_what_was_refused_is_not(
    box: Sandbox, csrdesk: Csrdesk
) -> None:
    write(*NAMES[:4], "nobody.here")
    fault = box.faults.add(method="PUT", path=box.world.user(NAMES[2]).id, status=500)
    half = await csrdesk(*DISABLE)
    assert half.code == 8
    assert came()[NAMES[2]] in ("half_done", "failed")
    assert (await csrdesk(*DISABLE)).error["code"] == "conflict"
    box.faults.clear(fault)
    again = await csrdesk(*DISABLE, "--resume")
    assert (again.code, again.data["toDo"], again.data["done"]) == (0, 1, 1)
    assert came()[NAMES[2]] == "done"
    assert not enabled(box, NAMES[2])
    over = await csrdesk(*DISABLE, "--resume")
    assert (over.code, over.data["toDo"]) == (0, 0)


async def test_ten_failures_in_a_row_stop_the_run_and_say_why(box: Sandbox, csrdesk: Csrdesk) -> None:
    write(*NAMES)
    box.faults.add(path="/users", status=503)
    ran = await csrdesk(*DISABLE, "--parallel", "1")
    assert (ran.code, ran.error["code"], ran.data["failed"]) == (3, "stopped", 10)
    assert ran.data["notBegun"] == len(NAMES) - 10
    assert "10 accounts in a row failed" in ran.error["errorMessage"]


async def test_a_pause_that_pingone_asks_for_is_kept_and_costs_no_account(box: Sandbox, csrdesk: Csrdesk) -> None:
    write(*NAMES[:6])
    box.faults.add(path="/users", status=429, retry_after=2, times=5)
    ran = await csrdesk(*DISABLE)
    assert (ran.code, ran.data["done"]) == (0, 6)
    assert ran.data["seconds"] >= 2


async def test_two_lists_at_once_are_one_too_many(box: Sandbox, csrdesk: Csrdesk, settings: Path) -> None:
    write(*NAMES)
    box.faults.add(latency_ms=LATENCY_MS)
    async with running(settings) as first:
        await begun(first)
        second = await csrdesk(*DISABLE, "--result", "other.csv")
        assert (second.code, second.error["code"]) == (1, "conflict")
        same = await csrdesk(*DISABLE, "--resume")
        assert "Another run writes to" in same.error["errorMessage"]
        first.send_signal(signal.SIGINT)
        box.faults.clear()


@asynccontextmanager
async def running(settings: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The run as a process that is still at work."""
    process = await asyncio.create_subprocess_exec(
        CSRDESK,
        *DISABLE,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"CSRDESK_CONFIG": str(settings)},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            await asyncio.wait_for(process.communicate(), 180)


async def begun(process: asyncio.subprocess.Process) -> None:
    """Wait until some accounts have ended."""
    async with asyncio.timeout(30):
        while lines_of_results() < 3:
            assert process.returncode is None, await process.communicate()
            await asyncio.sleep(0.01)


async def test_ctrl_c_ends_what_is_under_way_and_a_resumed_run_does_the_rest(
    box: Sandbox, csrdesk: Csrdesk, settings: Path
) -> None:
    some = NAMES[:28]
    write(*some)
    box.faults.add(latency_ms=LATENCY_MS)
    async with running(settings) as process:
        await begun(process)
        process.send_signal(signal.SIGINT)
        box.faults.clear()
        out, err = await asyncio.wait_for(process.communicate(), 180)
    told = json.loads(out)
    assert (process.returncode, told["error"]["code"]) == (130, "interrupted"), err
    assert b"what is under way is brought to its end" in err
    done = set(came())
    assert {name for name in some if not enabled(box, name)} == done
    assert set(came().values()) == {"done"}
    assert told["data"]["notBegun"] == len(some) - len(done) > 0
    unknown = await csrdesk("audit", "list", "--unknown", "--json")
    assert unknown.data == []
    rest = await csrdesk(*DISABLE, "--resume")
    assert (rest.code, rest.data["toDo"]) == (0, len(some) - len(done))
    assert came() == dict.fromkeys(some, "done")


async def test_r_62_after_a_kill_a_resumed_run_finds_out_what_was_done_and_does_the_rest(
    box: Sandbox, csrdesk: Csrdesk, settings: Path
) -> None:
    some = NAMES[:28]
    write(*some)
    box.faults.add(latency_ms=LATENCY_MS)
    async with running(settings) as process:
        await begun(process)
        process.kill()
        await process.communicate()
    box.faults.clear()
    ended = set(came())
    rest = await csrdesk(*DISABLE, "--resume")
    assert rest.code == 0, rest
    assert came() == dict.fromkeys(some, "done")
    assert len(results()) == len(some)
    assert not [name for name in some if enabled(box, name)]
    assert rest.data["toDo"] == len(some) - len(ended)
    assert (await csrdesk("audit", "list", "--unknown", "--json")).data == []
    assert (await csrdesk("audit", "verify")).code == 0


async def test_the_plan_counts_what_pingone_is_asked_for_one_account(tmp_path: Path, csrdesk: Csrdesk) -> None:
    del csrdesk  # its sandbox does not record; this one does
    from csrdesk.wiring.trial import write_settings

    folder, record = tmp_path / "other", tmp_path / "exchanges.jsonl"
    folder.mkdir(mode=0o700)
    async with Sandbox(Options(record=record)) as box:
        path = write_settings(box.settings(), folder)
        change(path, "[desk]\n", f'[desk]\nbulk_identities = ["{ME}"]\nbulk_restore = true\n')
        write(people.NO_DEVICE)

        async def asked(act: str, *words: str) -> int:
            before = len(record.read_text("utf-8").splitlines()) if record.exists() else 0
            process = await asyncio.create_subprocess_exec(
                CSRDESK, "user", act, "--from", "leavers.csv", *WHY, "--yes", *words,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                env=os.environ | {"CSRDESK_CONFIG": str(path)},
            )  # fmt: skip
            assert (await process.communicate(), process.returncode)[1] == 0
            return len(record.read_text("utf-8").splitlines()) - before - 2  # the token, and the populations' names

        assert await asked("disable", "--dry-run") == REHEARSED
        assert await asked("disable", "--result", "1.csv") == REQUESTS["disableUser"]
        assert await asked("enable", "--result", "2.csv") == REQUESTS["enableUser"]
        write(people.AD_LOCKED)
        assert await asked("unlock", "--result", "3.csv") >= REQUESTS["unlockUser"]


async def test_r_36_people_on_a_list_are_told_by_mail_unless_settings_and_order_leave_it_out(
    box: Sandbox, csrdesk: Csrdesk, settings: Path
) -> None:
    write(NAMES[0])
    ran = await csrdesk(*DISABLE)
    assert (ran.code, ran.data["notTold"], len(box.world.mails)) == (0, 0, 1)
    write(NAMES[1], path="quiet.csv")
    quiet = ("user", "disable", "--from", "quiet.csv", *WHY, "--no-notify", "--yes", "--json")
    refused = await csrdesk(*quiet)
    assert (refused.code, "bulk_no_notify" in refused.error["errorMessage"]) == (6, True)
    change(settings, "bulk_restore", "bulk_no_notify = true\nbulk_restore")
    done = await csrdesk(*quiet)
    assert (done.code, done.data["notTold"], len(box.world.mails)) == (0, 1, 1)


async def test_a_person_reads_the_plan_types_the_number_and_sees_a_bar(box: Sandbox, settings: Path) -> None:
    some = NAMES[:30]
    write("UserName;Note", *(f"{name};x" for name in some), "")
    change(settings, "requests_per_second = 2000.0", "requests_per_second = 300.0")
    change(settings, "mails_per_second = 1000.0", "mails_per_second = 20.0")
    words = DISABLE[:-2]
    async with Terminal(settings, *words, talk_here=True) as agent:
        await agent.shows(r"Type 30 to do it:")
        plan = agent.screen
        agent.type("3\n")
        ran = await agent.ended()
    assert (ran.code, enabled(box, some[0])) == (4, True)
    assert all(len(line) <= 80 for line in plan.splitlines())
    for words_of_plan in (
        "What:     disable the account in AD and PingOne",
        "30 accounts of leavers.csv (column UserName; 1 blank line)",
        "none; marked unverified, bulk",
        "8 at a time, 150 requests and 10 mails a second at most",
        "Calls:    go first;",
        "3 s at least",
    ):
        assert words_of_plan in plan
    async with Terminal(settings, *words, talk_here=True) as agent:
        await agent.shows(r"Type 30 to do it:")
        agent.type("30\n")
        await agent.shows(r"\[#+\.+\] \d+ of 30, [\d.]+ a second, \d+ s left")
        ran = await agent.ended()
    assert ran.code == 0
    assert ran.out.startswith("30 done of 30 accounts in ")


async def test_ctrl_c_at_the_question_ends_it_at_once_with_nothing_done(box: Sandbox, settings: Path) -> None:
    write(NAMES[0])
    async with Terminal(settings, *DISABLE[:-2], talk_here=True) as agent:
        await agent.shows(r"Type 1 to do it:")
        agent.interrupt()
        ran = await agent.ended()
    assert (ran.code, enabled(box, NAMES[0]), lines_of_results()) == (130, True, 0)


async def test_r_61_a_database_that_is_taken_away_stops_the_run_and_a_resumed_one_finds_out_and_goes_on(
    box: Sandbox, csrdesk: Csrdesk, settings: Path
) -> None:
    some = NAMES[:28]
    write(*some)
    database = settings.parent / "data" / "desk.sqlite3"
    box.faults.add(latency_ms=LATENCY_MS)
    async with running(settings) as process:
        await begun(process)
        database.rename(database.with_suffix(".gone"))
        box.faults.clear()
        out, err = await asyncio.wait_for(process.communicate(), 180)
    database.with_suffix(".gone").rename(database)
    told = json.loads(out)
    assert (process.returncode, told["error"]["code"]) == (8, "stopped"), err
    assert told["data"]["notBegun"] > 0
    assert any("not on record" in words for words in told["messages"])
    rest = await csrdesk(*DISABLE, "--resume")
    assert rest.code == 0, rest
    assert came() == dict.fromkeys(some, "done")
    assert not [name for name in some if enabled(box, name)]
    acts = (await csrdesk("audit", "list", "--unknown", "--json")).data
    assert [row for row in acts if "act" in row["details"]] == []
