"""`csrdesk audit` and `csrdesk data` beside a sandbox: read, verified, exported, left and purged, all of it audited."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csrdesk.cli.exporting import HEADS, cell
from csrdesk.sandbox import people
from tests.cli.conftest import Ran, change

Csrdesk = Callable[..., Awaitable[Ran]]


def database(settings: Path) -> Path:
    return settings.parent / "data" / "desk.sqlite3"


def past_csrdesk(settings: Path, *statements: str) -> None:
    with sqlite3.connect(database(settings)) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def looked_up(csrdesk: Csrdesk) -> None:
    """A call of one look-up: two rows, the look-up and the end, and a checkpoint of both."""
    assert (await csrdesk("user", "show", people.ONE_DEVICE)).code == 0


async def actions(csrdesk: Csrdesk, *words: str) -> list[str]:
    return [row["action"] for row in (await csrdesk("audit", "list", "--json", *words)).data]


async def test_r_70_each_way_to_read_the_audit_leaves_one_row(csrdesk: Csrdesk, settings: Path, tmp_path: Path) -> None:
    await looked_up(csrdesk)
    written = tmp_path / "audit.jsonl"
    for words in (["list"], ["show", "1"], ["verify"], ["export"], ["export", "--output", str(written)]):
        assert (await csrdesk("audit", *words)).code == 0, words
    read = ["audit.read", "audit.read", "audit.verified", "audit.exported", "audit.exported"]
    assert await actions(csrdesk) == ["lookup", "call.ended", *read]


async def test_a_row_is_shown_whole(csrdesk: Csrdesk) -> None:
    await looked_up(csrdesk)
    ran = await csrdesk("audit", "show", "1")
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"^identifier +ada$", ran.out, re.MULTILINE)
    assert (await csrdesk("audit", "show", "1", "--json")).data["prev"] == "0" * 64
    assert ((await csrdesk("audit", "show", "99", "--json")).error["code"]) == "not_found"


async def test_rows_are_found_by_time_and_agent(csrdesk: Csrdesk) -> None:
    await looked_up(csrdesk)
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    assert await actions(csrdesk, "--since", tomorrow) == []
    assert await actions(csrdesk, "--until", tomorrow) == ["lookup", "call.ended", "audit.read"]
    assert await actions(csrdesk, "--agent", "nobody") == []
    assert (await csrdesk("audit", "list", "--since", "soon", "--json")).error["code"] == "usage"


async def test_r_63_verify_says_whole_and_names_the_first_bad_row(csrdesk: Csrdesk, settings: Path) -> None:
    ran = await csrdesk("audit", "verify")
    assert (ran.code, ran.out) == (0, "0 rows are as they were written; 0 checkpoints agree.\n")
    assert "No checkpoint vouches" in ran.err
    await looked_up(csrdesk)
    ran = await csrdesk("audit", "verify")
    assert (ran.code, ran.out) == (0, "3 rows are as they were written; 1 checkpoint agrees, up to row 3.\n")
    past_csrdesk(settings, "UPDATE audit SET agent = 'somebody' WHERE seq = 2")
    ran = await csrdesk("audit", "verify", "--json")
    assert (ran.code, ran.error["code"]) == (7, "audit_broken")
    assert (ran.data["finding"]["flaw"], ran.data["finding"]["seq"], ran.data["rows"]) == ("altered", 2, 1)


async def test_r_64_a_cut_tail_is_seen_with_checkpoints_and_key_from_elsewhere(
    csrdesk: Csrdesk, settings: Path, tmp_path: Path
) -> None:
    await looked_up(csrdesk)
    ran = await csrdesk("audit", "verify", "--json")
    assert (ran.code, ran.data["checkpoints"]) == (0, 1)
    key, copy = tmp_path / "desk.pem", tmp_path / "copy.jsonl"
    key.write_text((await csrdesk("audit", "export", "--public-key")).out)
    shutil.copy(settings.parent / "data" / "checkpoints.jsonl", copy)
    for words in ([], ["--checkpoints", str(copy), "--public-key", str(key)]):
        past_csrdesk(settings, "DELETE FROM audit WHERE seq > 1")
        ran = await csrdesk("audit", "verify", "--json", *words)
        assert (ran.code, ran.data["finding"]["flaw"], ran.data["finding"]["seq"]) == (7, "truncated", 2)
    (settings.parent / "data" / "checkpoint.key").unlink()
    assert (await csrdesk("audit", "verify", "--json")).data["finding"]["flaw"] == "forged"


async def test_r_64_an_audit_that_was_cut_is_said_at_the_next_start(csrdesk: Csrdesk, settings: Path) -> None:
    await looked_up(csrdesk)
    past_csrdesk(settings, "DELETE FROM audit WHERE seq = 2")
    ran = await csrdesk("user", "show", people.ONE_DEVICE)
    assert "The audit does not fit its checkpoints" in ran.err


async def test_r_64_checkpoints_lie_where_the_settings_say(csrdesk: Csrdesk, settings: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    change(settings, "[desk]\n", f'[desk]\ncheckpoint_file = "{elsewhere}"\n')
    await looked_up(csrdesk)
    assert len(elsewhere.read_text().splitlines()) == 1
    assert not (settings.parent / "data" / "checkpoints.jsonl").exists()
    elsewhere.unlink()
    elsewhere.mkdir()
    ran = await csrdesk("audit", "verify")
    assert ran.code == 2
    assert f"The checkpoints in {elsewhere} cannot be read" in ran.err


async def test_a_file_that_is_no_key_is_refused(csrdesk: Csrdesk, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no key")
    ran = await csrdesk("audit", "verify", "--public-key", str(tmp_path / "no.pem"), "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")


HOSTILE = '=HYPERLINK("http://evil.example")\u202e\x1b[2J, "quoted"\n+1'


async def test_r_47_an_exported_comment_is_no_formula_and_no_control(csrdesk: Csrdesk) -> None:
    words = ("--protective", "--reason", HOSTILE, "--ticket", "@T-1", "--yes")
    assert (await csrdesk("user", "disable", people.TOTP, *words)).code == 0
    ran = await csrdesk("audit", "export", "--form", "csv")
    heads, *rows = csv.reader(io.StringIO(ran.out))
    assert tuple(heads) == HEADS
    assert ran.out.count("\n") == len(rows) + 1
    kind, action = HEADS.index("kind"), HEADS.index("action")
    told = [row for row in rows if row[kind] == "intent" and row[action] != "notice.send"]
    assert told
    assert all(row[HEADS.index("reason")].startswith("'=HYPERLINK") for row in told)
    assert {row[HEADS.index("ticket")] for row in told} == {"'@T-1"}
    assert not any(one.startswith(("=", "+", "-", "@")) for row in rows for one in row)
    lines = (await csrdesk("audit", "export")).out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(rows) + 2))
    for text in (ran.out, *lines):
        assert not {"\u202e", "\x1b"} & set(text)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", " =1", "\r\n=1", "＝1", "＋1", "－1"])
def test_r_47_no_cell_begins_as_a_formula_does(text: str) -> None:
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－"))
    assert cell("plain") == "plain"


async def test_an_export_overwrites_nothing_and_shares_no_output(csrdesk: Csrdesk, tmp_path: Path) -> None:
    await looked_up(csrdesk)
    path = tmp_path / "audit.csv"
    ran = await csrdesk("audit", "export", "--form", "csv", "-o", str(path), "--json")
    assert (ran.code, ran.data) == (0, {"path": str(path), "rows": 2})
    assert path.stat().st_mode & 0o777 == 0o600
    assert (await csrdesk("audit", "export", "-o", str(path), "--json")).error["code"] == "conflict"
    assert (await csrdesk("audit", "export", "-o", str(tmp_path / "no" / "x"), "--json")).code == 1
    assert (await csrdesk("audit", "export", "--json")).error["code"] == "usage"


async def test_r_62_an_act_without_an_outcome_is_shown_at_the_next_start_until_it_is_left(
    csrdesk: Csrdesk, settings: Path
) -> None:
    words = ("--protective", "--reason", "r", "--ticket", "t", "--yes")
    assert (await csrdesk("user", "disable", people.TOTP, *words)).code == 0
    past_csrdesk(settings, "INSERT INTO open_intents SELECT key, seq FROM audit WHERE kind = 'intent' LIMIT 1")
    ran = await csrdesk("call", "list")
    assert "1 act was begun and nobody knows how it ended" in ran.err
    (row,) = (await csrdesk("audit", "list", "--unknown", "--json")).data
    assert (await csrdesk("audit", "leave", str(row["seq"]), "--reason", " ", "--json")).error["code"] == "usage"
    assert (await csrdesk("audit", "leave", str(row["seq"]), "--reason", "looked")).code == 0
    ran = await csrdesk("call", "list")
    assert "nobody knows" not in ran.err
    assert (await csrdesk("audit", "leave", str(row["seq"]), "--reason", "again", "--json")).code == 1


async def test_r_69_a_purge_says_what_it_takes_and_the_audit_stays_whole(csrdesk: Csrdesk, settings: Path) -> None:
    await looked_up(csrdesk)
    ran = await csrdesk("data", "purge", "--json")
    assert ran.data == {"calls": 0, "audit_rows": 0, "upto": 0, "never_ended": 0, "unknown": 0}
    past_csrdesk(settings, "UPDATE flows SET changed_at = '2020-01-01T00:00:00.000000+00:00'")
    ran = await csrdesk("data", "purge", "--dry-run")
    assert "1 would go." in ran.out
    assert (await csrdesk("data", "purge", "--json")).data["calls"] == 1
    assert (await csrdesk("call", "list", "--all", "--json")).data == []
    assert (await csrdesk("audit", "verify")).code == 0


async def test_r_69_what_the_audit_leaves_is_its_owners_alone(csrdesk: Csrdesk, settings: Path) -> None:
    await looked_up(csrdesk)
    data = settings.parent / "data"
    modes = {name: (data / name).stat().st_mode & 0o777 for name in ("checkpoints.jsonl", "checkpoint.key")}
    assert set(modes.values()) == {0o600}
