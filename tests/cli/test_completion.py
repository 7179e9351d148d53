"""Completion in the shells themselves: each runs the script that csrdesk printed, and says what it would offer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from csrdesk.cli.commands import GROUPS
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
Offers = Callable[..., list[str]]

BASH = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _csrdesk; printf "%s\\n" "${COMPREPLY[@]}"'
ZSH = """
compdef() { }
_describe() { print -l -- "${(@P)argv[-1]}" }
_files() { print -- FILES }
_message() { }
source "$1"; shift
words=("$@"); CURRENT=$#
_csrdesk
"""
FISH = 'source $argv[1]; complete -C "$argv[2]"'

WORDS = [
    ([""], {*GROUPS}),
    (["us"], {"user"}),
    (["user", ""], {*GROUPS["user"]}),
    (["user", "dis"], {"disable"}),
    (["user", "disable", "ada", "--dr"], {"--dry-run"}),
    (["call", "start", "ada", "--no"], {"--no-wait"}),
    (["completion", ""], {"bash", "zsh", "fish"}),
    (["user", "enable", "ada", "--reason", ""], set[str]()),
    (["user", "paint", "--"], {"--help"}),
]
EACH = pytest.mark.parametrize(("words", "offered"), WORDS, ids=[" ".join(["csrdesk", *words]) for words, _ in WORDS])


@pytest.fixture
def script(run: Run, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The script for the shell that the test's group names; bash where it names none."""
    mark = request.node.get_closest_marker("needs")
    shell = mark.args[0] if mark else "bash"
    ran = run("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    path = tmp_path / f"csrdesk.{shell}"
    path.write_text(ran.out, "utf-8")
    return path


def said(*program: str | Path) -> list[str]:
    done = subprocess.run(program, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [line for line in done.stdout.splitlines() if line]


@EACH
def test_bash_offers_what_can_come_next(script: Path, words: list[str], offered: set[str]) -> None:
    assert set(said("bash", "--norc", "-c", BASH, "-", script, "csrdesk", *words)) == offered


def test_bash_offers_files_where_a_file_is_asked_for(script: Path, tmp_path: Path) -> None:
    (tmp_path / "my exchanges.jsonl").touch()
    typed = ("csrdesk", "demo", "--record", f"{tmp_path}/my")
    assert said("bash", "--norc", "-c", BASH, "-", script, *typed) == [f"{tmp_path}/my exchanges.jsonl"]


@pytest.mark.needs("zsh")
@EACH
def test_zsh_is_given_what_can_come_next(script: Path, words: list[str], offered: set[str]) -> None:
    given = {line.partition(":")[0] for line in said("zsh", "-f", "-c", ZSH, "-", script, "csrdesk", *words)}
    typed = words[-1]
    assert {name for name in given if name.startswith(typed)} == offered
    assert said("zsh", "-f", "-c", ZSH, "-", script, "csrdesk", "demo", "--record", "") == ["FILES"]


@pytest.mark.needs("fish")
@EACH
def test_fish_offers_what_can_come_next(script: Path, words: list[str], offered: set[str]) -> None:
    lines = said("fish", "--no-config", "-c", FISH, script, " ".join(["csrdesk", *words]))
    assert {line.partition("\t")[0] for line in lines} == offered


def test_a_shell_that_csrdesk_does_not_know_is_a_wrong_command_line(run: Run) -> None:
    ran = run("completion", "tcsh", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
