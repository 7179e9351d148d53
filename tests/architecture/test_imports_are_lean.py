"""What is not used is not loaded: a fresh interpreter imports a part, and `sys.modules` tells what came with it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "aiosmtpd", "asyncio", "cryptography", "httpx", "jinja2", "jwt", "keyring", "rich", "sqlite3",
    "starlette", "textual", "trustme", "typer", "uvicorn",
}  # fmt: skip
"""What `csrdesk --version` can do without."""

LOADED = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
VERSION = """
import sys
sys.argv = ["csrdesk", "--version"]
from csrdesk.cli.main import main
try:
    main()
except SystemExit:
    pass
"""
WALK = """
import importlib, pkgutil
package = importlib.import_module({name!r})
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        if error.name != "ldap":  # of csrdesk[ad], which is compiled and may not be here
            raise
"""


def loaded_by(program: str) -> set[str]:
    """The top-level names in `sys.modules` after a new interpreter ran `program`."""
    done = subprocess.run([sys.executable, "-c", program + "\n" + LOADED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return set(names)


def test_asking_for_the_version_loads_nothing_heavy() -> None:
    assert loaded_by(VERSION) & HEAVY == set()


@pytest.mark.parametrize("part", ["flows", "engine", "services", "server", "model", "sandbox"])
def test_headless_parts_load_no_textual(part: str) -> None:
    assert "textual" not in loaded_by(WALK.format(name=f"csrdesk.{part}"))


def test_flows_load_no_event_loop_and_no_client() -> None:
    assert loaded_by(WALK.format(name="csrdesk.flows")) & {"asyncio", "httpx", "sqlite3"} == set()


def test_the_list_of_invented_people_needs_no_server() -> None:
    loaded = loaded_by("from csrdesk.sandbox.people import worth_trying; assert worth_trying()")
    assert loaded & {"uvicorn", "starlette", "aiosmtpd", "jwt", "trustme", "textual"} == set()


def test_a_desk_of_its_own_loads_nothing_of_a_shared_database() -> None:
    assert "psycopg" not in loaded_by("from csrdesk.wiring.desk import load; load()")
