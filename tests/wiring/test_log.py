"""The log file keeps what helps to mend a defect, and nothing that somebody typed or that opens something."""

from __future__ import annotations

import json
import logging
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from csrdesk.errors import ConflictError
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.wiring.log import log_crash, places, redacted, send_logging_to, stop_logging_to
from csrdesk.wiring.log_lines import Told

TOKEN = "kJ8_v3Qx-Zt0aBcDeFgHiJkLmNoPqRsTuVwXyZ01234"
SECRET = "correct horse battery staple"


def crash() -> Exception:
    password = SECRET
    try:
        try:
            int(password)
        except ValueError as error:
            raise RuntimeError(f"cannot use {password}") from error
    except RuntimeError as error:
        return error
    raise AssertionError


def test_r_46_a_crash_is_written_as_places_without_what_they_held(home: Path) -> None:
    reference, path = log_crash(crash(), "user show")
    assert path == home / ".local/share/csrdesk/csrdesk.log"
    text = path.read_text()
    assert SECRET not in text
    assert f"crash {reference} csrdesk" in text
    assert "user show\nbuiltins.RuntimeError\n  wiring/test_log.py:" in text
    assert "builtins.ValueError" in text
    assert "horse" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_our_own_errors_are_written_with_their_details() -> None:
    said = places(ConflictError("Secret words.", details="status=409"))
    assert said == "csrdesk.errors.ConflictError: conflict status=409"


def test_errors_in_a_group_are_all_written() -> None:
    said = places(ExceptionGroup("several", [crash(), NameError("name 'x' is not defined")]))
    assert said.splitlines()[0] == "builtins.ExceptionGroup"
    assert "  builtins.RuntimeError" in said
    assert "  builtins.NameError: name 'x' is not defined" in said


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"GET /v/{TOKEN} failed", "GET /v/*** failed"),
        (f"token {TOKEN}!", "token ***!"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("Authorization: Basic Zm9v", "Authorization: Basic ***"),
        ("code 417209 wrong", "code *** wrong"),
        ("port 8443, 3 of 1234567 rows", "port 8443, 3 of 1234567 rows"),
        ("one\ntwo\x1b[31m", "one two [31m"),
        ("3f2b1c1e-6f0f-4f0e-9a4e-0d3e9d9b1a11", "3f2b1c1e-6f0f-4f0e-9a4e-0d3e9d9b1a11"),
    ],
)
def test_r_16_what_looks_like_a_secret_is_not_logged(said: str, kept: str) -> None:
    assert redacted(said) == kept


def test_r_16_warnings_of_libraries_go_redacted_to_the_file_and_nowhere_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = send_logging_to(tmp_path / "a" / "csrdesk.log")
    try:
        logging.getLogger("somebody").warning("GET /v/%s", TOKEN)
        logging.getLogger("somebody").error("failed", exc_info=crash())
    finally:
        stop_logging_to(handler)
    text = (tmp_path / "a" / "csrdesk.log").read_text()
    assert "somebody GET /v/***" in text
    assert "builtins.RuntimeError" in text
    assert SECRET not in text
    assert TOKEN not in text
    assert capsys.readouterr() == ("", "")


def test_a_log_that_cannot_be_written_is_no_second_crash(home: Path) -> None:
    (home / ".local").write_text("in the way")
    reference, path = log_crash(crash(), "")
    assert (len(reference), path) == (8, None)


def test_r_16_a_log_of_json_has_one_object_a_line_and_no_secret(tmp_path: Path) -> None:
    handler = send_logging_to(tmp_path / "csrdesk.log", "json")
    try:
        logging.getLogger("somebody").warning("GET /v/%s\nsecond line correlation=%s", TOKEN, "c-12")
        logging.getLogger("somebody").error("failed: reference=page-1 correlation= at x", exc_info=crash())
        logging.getLogger("somebody").error("PingOne unavailable: status=503 reference=c-14")
        logging.getLogger("somebody").error("refused", exc_info=ConflictError("Secret words.", correlation_id="c-13"))
    finally:
        stop_logging_to(handler)
    text = (tmp_path / "csrdesk.log").read_text()
    first, second, ours, third = map(json.loads, text.splitlines())
    assert "correlation" not in second
    assert ours["correlation"] == "c-14"
    assert first["message"] == "GET /v/*** second line correlation=c-12"
    assert (first["level"], first["logger"], first["correlation"]) == ("WARNING", "somebody", "c-12")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["time"])
    assert "builtins.RuntimeError" in second["places"]
    assert third["correlation"] == "c-13"
    assert SECRET not in text
    assert TOKEN not in text


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_line_says_for_which_call_and_which_agent_it_was_written(
    tmp_path: Path, form: Literal["text", "json"]
) -> None:
    async def performs(effect: Effect, context: Context) -> Reply:
        logging.getLogger("somebody").warning("PingOne answered 503")
        return r.NoSuchUser()

    handler = send_logging_to(tmp_path / "csrdesk.log", form)
    try:
        context = Context("flow-1", 1, "call-1", Agent("grace"))
        await Told(performs)(fx.FindUser(identifier="ada"), context)
        logging.getLogger("somebody").warning("nobody's line")
    finally:
        stop_logging_to(handler)
    during, after = (tmp_path / "csrdesk.log").read_text().splitlines()
    if form == "json":
        assert (json.loads(during)["call"], json.loads(during)["agent"]) == ("call-1", "grace")
    else:
        assert during.endswith("PingOne answered 503 call=call-1 agent=grace")
    assert "call" not in after


LATE = """
import logging, shutil, sys
from pathlib import Path
from csrdesk.wiring.log import send_logging_to, stop_logging_to

folder = Path(sys.argv[1])
stop_logging_to(send_logging_to(folder / "csrdesk.log"))
if sys.argv[3:]:
    shutil.rmtree(folder)
logging.getLogger("asyncio").error("GET /v/%s failed", sys.argv[2])
"""
"""In a program of its own, because the tests' own program keeps what is logged."""


def late(folder: Path, *more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LATE, str(folder), TOKEN, *more], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr


def test_r_16_what_is_said_after_the_log_was_closed_goes_redacted_to_the_file_as_well(tmp_path: Path) -> None:
    assert late(tmp_path / "a") == ""
    assert (tmp_path / "a" / "csrdesk.log").read_text().endswith("ERROR asyncio GET /v/*** failed\n")


def test_r_16_where_its_folder_is_gone_it_is_told_redacted(tmp_path: Path) -> None:
    said = late(tmp_path / "a", "and remove it")
    assert said.endswith("ERROR asyncio GET /v/*** failed\n")
    assert not (tmp_path / "a").exists()
