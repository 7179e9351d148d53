"""No committed file knows the machine it was written on: no paths of it, no hosts that packages came from."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Put together here, so that this file does not find itself.
FOLDERS = ("work", "root", "home/[a-z]+", "Users/[A-Za-z]+", "tmp/[a-z]")
HOSTS = ("pypi.org", "pythonhosted.org", "npmjs.org", "proxy.golang.org", "crates.io", "deb.debian.org")
MACHINE = re.compile(
    "|".join([*(rf"(?<![\w.~}})-])/{folder}\b" for folder in FOLDERS), *(re.escape(host) for host in HOSTS)])
)


def committed() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_no_committed_file_names_a_path_or_a_registry_of_this_machine() -> None:
    found: list[str] = []
    for name in committed():
        if ROOT / name == Path(__file__):
            continue
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        found += [f"{name}: {hit.group()}" for hit in MACHINE.finditer(text)]
    assert found == []
