"""What does `csrdesk user show` cost beyond its requests? Settings, store, audit, flow, masking and printing, then.

The baseline must stay honest: both are recorded once, and another set of requests on either side stops the measure.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import msgspec

from bench import programs
from bench.figure import Figure, Judged, NotMeasured, Sample, in_turns

ROUNDS = 15
WHO = "ada"
BASELINE = "a bare httpx script, same requests"
_BARE = str(programs.BASELINES / "bare_user_show.py")


def measure(*, quick: bool) -> list[Figure | NotMeasured]:
    rounds = ROUNDS // 2 if quick else ROUNDS
    check_same_requests()
    with programs.sandbox() as settings:
        ours, base = rounds_of(settings, programs.environment(CSRDESK_CONFIG=settings), rounds)
        files = Figure(question=f"csrdesk user show {WHO}", ours=ours, baseline=BASELINE, base=base, target=1.5)
        return [files, _with_keyring(settings, rounds)]


def check_same_requests() -> None:
    """Both ask PingOne for the same. The directory is not recorded: `bare_user_show` follows the performers by hand."""
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as folder:
        asked: list[Counter[str]] = []
        for name, words in {"ours": _ours(), "bare": []}.items():
            record = Path(folder) / name
            with programs.sandbox("--record", str(record)) as settings:
                programs.milliseconds(words or _bare(settings), programs.environment(CSRDESK_CONFIG=settings))
            lines = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
            asked.append(Counter(f"{line['method']} {re.sub(r'^https?://[^/]+', '', line['url'])}" for line in lines))
    if asked[0] != asked[1]:
        raise RuntimeError(f"user show and its baseline ask for different things: {asked[0]} and {asked[1]}")


def rounds_of(settings: str, env: dict[str, str], rounds: int) -> tuple[Sample, Sample]:
    """`env` names the settings that ours reads; the baseline reads `settings`, which name files."""
    return in_turns(
        lambda: programs.milliseconds(_ours(), env), lambda: programs.milliseconds(_bare(settings), env), rounds
    )


def _ours() -> list[str]:
    return [programs.CSRDESK, "user", "show", WHO]


def _bare(settings: str) -> list[str]:
    return [programs.PYTHON, _BARE, settings, WHO]


def _with_keyring(settings: str, rounds: int) -> Figure | NotMeasured:
    """The same with the secrets in a real Secret Service: `keyring_rounds` runs inside a session bus of its own."""
    question = f"csrdesk user show {WHO}, secrets in the keyring"
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        return NotMeasured(question, "dbus-run-session and gnome-keyring-daemon are not both on this machine")
    unlocked = 'echo pw | gnome-keyring-daemon --unlock >/dev/null 2>&1 && exec "$@"'
    inside = [programs.PYTHON, "-m", "bench.keyring_rounds", settings, str(rounds)]
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as home:
        done = subprocess.run(
            ["dbus-run-session", "--", "sh", "-c", unlocked, "sh", *inside],
            cwd=programs.ROOT,
            env=programs.environment(HOME=home, XDG_DATA_HOME=f"{home}/data", XDG_RUNTIME_DIR=home),
            capture_output=True,
            check=True,
            timeout=10 * programs.PATIENCE_SECONDS,
        )
    ours, base = msgspec.json.decode(done.stdout.splitlines()[-1], type=tuple[Sample, Sample])
    return Figure(question=question, ours=ours, baseline=BASELINE, base=base, judged=Judged.NOTHING)
