"""What is given to run csrdesk with fits csrdesk: units, proxy, container and the pages' settings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from csrdesk.cli.main import main
from csrdesk.config import DeskSettings
from csrdesk.config.pages_file import PagesFile, load_pages
from csrdesk.services import keys

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def values(unit: Path, key: str) -> list[str]:
    """What a unit says of a key, as often as it says it."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_there_is(unit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (*values(unit, "ExecStart"), *values(unit, "ExecStartPre")):
        program, *words = line.split()
        assert program == "/opt/csrdesk/bin/csrdesk"
        assert main([*words, "--help"]) == 0
    assert values(unit, "RestartPreventExitStatus") == ["2"]
    capsys.readouterr()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_one_that_systemd_takes(unit: Path) -> None:
    sections = re.findall(r"^\[(\w+)\]$", unit.read_text("utf-8"), re.MULTILINE)
    assert sections == ["Unit", "Service", "Install"]
    if tool := shutil.which("systemd-analyze"):
        done = subprocess.run([tool, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if unit.name in line]
        assert [line for line in said if "is not executable" not in line] == []


def test_r_56_the_pages_unit_is_given_the_doors_secret_and_no_other() -> None:
    desk, pages = (DEPLOY / f"csrdesk-{role}.service" for role in ("desk", "pages"))
    assert [one.partition(":")[0] for one in values(pages, "LoadCredential")] == ["door"]
    named = [one.partition("=")[0] for one in values(pages, "Environment")]
    assert named == ["CSRDESK_CONFIG", keys.DOOR.variable]
    assert values(pages, "User") != values(desk, "User")
    assert values(pages, "IPAddressDeny") == ["any"]
    wanted = {one.variable for one in (keys.PINGONE, keys.DIRECTORY, keys.MAIL, keys.DOOR)}
    assert {one.partition("=")[0] for one in values(desk, "Environment")} - {"CSRDESK_CONFIG"} == wanted


def test_the_pages_settings_can_be_used_and_name_every_key_with_its_default(tmp_path: Path) -> None:
    text = (DEPLOY / "pages.toml").read_text("utf-8")
    given = load_pages(DEPLOY / "pages.toml")
    assert given.pages.door == "unix:/run/csrdesk/door.sock"
    shown = tmp_path / "shown.toml"
    shown.write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE))
    assert load_pages(shown) == given
    for section in msgspec.structs.fields(PagesFile):
        part = text.split(f"\n[{section.encode_name}]\n", 1)[1].split("\n[", 1)[0]
        for field in msgspec.structs.fields(section.type):
            assert re.search(rf"^(?:# )?{field.encode_name} = ", part, re.MULTILINE), field.encode_name


def test_r_16_the_proxys_logs_hold_no_path_and_the_two_names_never_meet() -> None:
    text = re.sub(r"#.*", "", (DEPLOY / "nginx.conf").read_text("utf-8"))
    [form] = re.findall(r"log_format \w+ '([^']*)'", text)
    assert not re.search(r"\$(request\b|request_uri|uri|args|query_string|http_referer)", form)
    servers = {
        names[0]: server
        for server in text.split("server {")[1:]
        if (names := re.findall(r"server_name (\S+);", server)) and "listen 443" in server
    }
    defaults = DeskSettings()
    assert re.findall(r"proxy_pass http://127\.0\.0\.1:(\d+)", servers["verify.example.com"]) == [
        str(defaults.listen_port)
    ]
    assert re.findall(r"proxy_pass http://127\.0\.0\.1:(\d+)", servers["desk.example.com"]) == [str(defaults.api_port)]
    assert re.findall(r"location (\S+) \{", servers["desk.example.com"]) == ["/desk/", "/"]
    assert "X-Forwarded-For $remote_addr;" in servers["verify.example.com"]
    assert all("access_log" in server for server in text.split("server {")[1:] if "proxy_pass" in server)


def test_the_container_file_copies_what_is_there_and_starts_a_command_that_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
    assert {line[0] for line in lines} <= known
    for line in lines:
        if line[0] == "COPY" and not line[1].startswith("--from="):
            assert all((ROOT / name).exists() for name in line[1:-1])
    commands = {line[0]: json.loads(" ".join(line[1:])) for line in lines if line[0] in ("ENTRYPOINT", "CMD")}
    assert commands["ENTRYPOINT"] == ["csrdesk"]
    assert main([*commands["CMD"], "--help"]) == 0
    assert next(line for line in lines if line[0] == "USER") != ["USER", "root"]
    capsys.readouterr()


@pytest.mark.parametrize("page", ["run-as-a-service.md", "back-up-and-restore.md"])
def test_the_commands_of_the_guides_are_there(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "how-to" / page).read_text("utf-8")
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    commands = re.findall(
        r"(?:^|/bin/|csrdesk )csrdesk ((?:[a-z][\w-]*|--role \w+)(?: (?:[a-z][\w-]*|--\w+))*)", blocks, re.MULTILINE
    )
    assert commands
    for command in commands:
        assert main([*command.split(), "--help"]) == 0, command
    capsys.readouterr()
