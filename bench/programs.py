"""Starting programs as people do: the environment of a shell, compiled modules, the interpreter itself and no shim."""

from __future__ import annotations

import compileall
import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
CSRDESK = str(Path(sys.executable).with_name("csrdesk"))
BASELINES = ROOT / "bench" / "baselines"
PATIENCE_SECONDS = 60.0
SETTINGS = r"(?<=[ =])/\S+/config\.toml"
"""Where a sandbox says which settings it wrote."""

_UNWANTED = re.compile(r"(?i)CSRDESK_|TEXTUAL|PYTHON|.*_PROXY$|NO_COLOR$|COLUMNS$|LINES$|FORCE_COLOR$")


def environment(**more: str) -> dict[str, str]:
    """This process's without what would change what is measured."""
    return {name: value for name, value in os.environ.items() if not _UNWANTED.match(name)} | more


def compile_all() -> None:
    """Modules that are not compiled would be compiled again at every start that cannot write them."""
    for folder in (ROOT / "src", ROOT / "bench", *(Path(entry) for entry in sys.path if "site-packages" in entry)):
        compileall.compile_dir(folder, quiet=2, workers=0)


def with_data_in(folder: Path, settings: Path, more: str = "") -> Path:
    """The sandbox's settings with a data folder inside `folder`, where nothing is yet, and `more` at their end."""
    text = re.sub(r"(?m)^data_dir = .*$", f'data_dir = "{folder}/data"', settings.read_text("utf-8"))
    path = folder / "config.toml"
    path.write_text(f"{text}\n{more}", "utf-8")
    return path


def milliseconds(words: list[str], env: Mapping[str, str]) -> float:
    """From the start of a program to its end. It must end with 0."""
    began = time.perf_counter()
    subprocess.run(words, env=env, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
    return (time.perf_counter() - began) * 1000


@contextlib.contextmanager
def running(words: list[str], says: str, env: Mapping[str, str]) -> Iterator[str]:
    """A server in a process of its own, up when it says what fits `says`; gives that. Ended by SIGTERM."""
    process = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield _said(process, says)
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def sandbox(*options: str) -> contextlib.AbstractContextManager[str]:
    """`csrdesk sandbox`; gives the path of the settings that it wrote."""
    return running([CSRDESK, "sandbox", *options], SETTINGS, environment())


def _said(process: subprocess.Popen[str], says: str) -> str:
    heard = ""
    for line in process.stdout or ():
        heard += line
        if found := re.search(says, line):
            return found.group()
    raise RuntimeError(f"{process.args!r} did not start: {heard}")
