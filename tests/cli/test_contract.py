"""What `--json` prints is a contract: the same keys whatever happened, also before a command runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from csrdesk import errors
from csrdesk.cli import exits, result
from csrdesk.cli.commands import GROUPS, tree
from csrdesk.cli.exits import Exit
from csrdesk.cli.result import Result
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
KEYS = ["schema", "command", "ok", "exit_code", "data", "error", "messages"]


def test_success_has_every_key_of_the_envelope(run: Run) -> None:
    ran = run("config", "path", "--json")
    assert list(ran.envelope) == KEYS
    assert ran.envelope | {"data": None} == {
        "schema": "csrdesk/1",
        "command": "config path",
        "ok": True,
        "exit_code": 0,
        "data": None,
        "error": None,
        "messages": [],
    }


@pytest.mark.parametrize(
    ("words", "command", "code", "exit_code"),
    [
        (["config", "check", "--json"], "config check", "config", 2),
        (["user", "show", "ada", "--json"], "user show", "config", 2),
        (["user", "show", "--json"], "user show", "usage", 2),
        (["user", "paint", "ada", "--json"], "user", "usage", 2),
        (["sing", "--json"], "", "usage", 2),
        (["audit", "list", "--limit", "many", "--json"], "audit list", "usage", 2),
        (["user", "show", "ada", "--colour", "--json"], "user show", "usage", 2),
    ],
)
def test_errors_from_before_a_command_runs_speak_json(
    run: Run, words: list[str], command: str, code: str, exit_code: int
) -> None:
    ran = run(*words)
    assert list(ran.envelope) == KEYS
    assert (ran.envelope["command"], ran.envelope["ok"], ran.code) == (command, False, exit_code)
    assert ran.error.keys() == {"errorMessage", "errorDetails", "code"}
    assert ran.error["code"] == code
    assert ran.envelope["exit_code"] == exit_code


def test_a_refusal_carries_its_reference_for_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    error = errors.ConflictError("No.", system="PingOne", details="why", correlation_id="abc")
    assert result.render(result.of_error(error), "user show", as_json=False) == 1
    assert capsys.readouterr().err == "csrdesk: No. (reference abc)\n"
    result.render(result.of_error(error), "user show", as_json=True)
    assert '"error":{"errorMessage":"No.","errorDetails":"why","code":"conflict","reference":"abc"}' in (
        capsys.readouterr().out
    )


def test_data_goes_to_standard_output_and_talk_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    result.render(Result(lines=("data",), messages=("talk",)), "x", as_json=False)
    assert capsys.readouterr() == ("data\n", "talk\n")


def test_every_error_has_an_exit_code_of_its_own_choice() -> None:
    def leaves(kind: type[errors.CsrdeskError]) -> set[type[errors.CsrdeskError]]:
        below = {leaf for child in kind.__subclasses__() for leaf in leaves(child)}
        return below | ({kind} if "code" in kind.__dict__ else set())

    assert leaves(errors.CsrdeskError) == set(exits.ERRORS)
    assert set(exits.ERRORS.values()) <= set(exits.MEANING) == set(Exit)
    assert exits.exit_for("may_have_been_sent") is Exit.REFUSED


def test_the_names_of_all_commands_are_known_to_the_envelope() -> None:
    app = tree()
    found: dict[str, tuple[str, ...]] = {c.name or "": () for c in app.registered_commands}
    for group in app.registered_groups:
        assert isinstance(group.typer_instance, typer.Typer)
        commands = group.typer_instance.registered_commands
        found[group.name or ""] = tuple(c.name or c.callback.__name__ for c in commands if c.callback)
    assert found == GROUPS


COMMANDS = [[group, *([command] if command else [])] for group, found in GROUPS.items() for command in found or ("",)]


@pytest.mark.parametrize("words", [*COMMANDS, ["sandbox"], []], ids=" ".join)
def test_every_command_explains_itself_with_an_example(run: Run, words: list[str]) -> None:
    ran = run(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "Example" in ran.out
    assert f"csrdesk {' '.join(words)}".strip() in ran.out.split("Example", 1)[1]


def test_r_47_hostile_text_is_inert_on_the_terminal_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b[31mred\x1b[0m \u202egnp.exe\u202c [bold]x[/] \x07\x9b31m \n second"
    came = Result(data={"name": hostile}, lines=(f"  {hostile}",), messages=(hostile,))
    result.render(came, "x", as_json=False)
    said = capsys.readouterr()
    result.render(came, "x", as_json=True)
    json = capsys.readouterr().out
    for text in (said.out, said.err, json):
        assert text.count("\n") == 1
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u202c"} & set(text)
    assert msgspec.json.decode(json, type=dict[str, Any])["data"]["name"] == hostile
    assert said.out.startswith("  ")
    assert "[bold]x[/]" in said.out


def test_columns_line_up_for_wide_letters() -> None:
    assert result.columns([("佐藤", "a"), ("Ada ", "b")], ("N", "X")) == ("N     X", "佐藤  a", "Ada   b")


def test_a_reader_that_goes_away_is_no_crash(tmp_path: Path) -> None:
    import subprocess
    import sys

    program = [sys.executable, "-m", "csrdesk", "sandbox", "people", "--json"]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.wait(30) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_the_console_without_a_terminal_is_a_missing_answer(run: Run) -> None:
    ran = run()
    assert (ran.code, ran.out) == (4, "")
    assert "The console needs a terminal." in ran.err
