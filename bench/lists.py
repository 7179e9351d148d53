"""How fast does a list of accounts go, and how much memory does a long one take?

Rate: 80 accounts disabled through a sandbox, 8 at a time, with PingOne's and the mail server's limits out of the way.
The baseline sends as many requests to the same sandbox with httpx alone, 8 at a time, and does nothing else: no look-up
in a directory, no audit, no mail. Memory: the peak of a process that reads and plans a list, and of one that works
through a list of people whom nobody knows, each against a shorter list. The first thousand accounts fill what Python
keeps before it looks for garbage, so both are longer than that.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from bench import programs
from bench.figure import Figure, Judged, Sample, sample
from csrdesk.cli.bulk_plan import REQUESTS
from csrdesk.sandbox.crowd import crowd

ACCOUNTS, ROUNDS, PARALLEL = 80, 3, 8
LINES, FEWER = 4500, 1500
_BARE = str(programs.BASELINES / "bare_requests.py")
_PEAK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[2:], capture_output=True, text=True)
if done.returncode != int(sys.argv[1]):
    sys.exit(f"it ended with {done.returncode}: {done.stdout} {done.stderr}")
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""
_NOBODY_SAID_YES, _NONE_DONE = 4, 1
_FAST = (
    ("[pingone]\n", "[pingone]\nrequests_per_second = 10000.0\n"),
    ("[mail]\n", "[mail]\nmails_per_second = 1000.0\n"),
)


def measure(*, quick: bool) -> list[Figure]:
    pairs = [_rate() for _ in range(1 if quick else ROUNDS)]
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name, programs.sandbox() as settings:
        folder = Path(name)
        env = programs.environment(CSRDESK_CONFIG=str(allowed(folder, Path(settings))))
        read = [_peak(folder, env, count, _NOBODY_SAID_YES) for count in (100_000, 1_000)]
        run = [_peak(folder, env, count, _NONE_DONE, "--yes") for count in (LINES, FEWER)]
    return [
        Figure(
            question=f"{ACCOUNTS} accounts of a list disabled, 8 at a time (ms)",
            ours=sample(ours for ours, _ in pairs), baseline="as many bare requests, 8 at a time",
            base=sample(base for _, base in pairs), judged=Judged.NOTHING,
        ),
        _memory("100,000 lines read and planned", "1,000 lines", read),
        _memory(f"{LINES:,} accounts worked through", f"{FEWER:,} accounts", run),
    ]  # fmt: skip


def _memory(question: str, baseline: str, peaks: list[float]) -> Figure:
    ours, base = (Sample((round(peak, 1),)) for peak in peaks)
    return Figure(question=f"{question} (MB at the peak)", ours=ours, baseline=baseline, base=base, target=1.1)


def _rate() -> tuple[float, float]:
    """Milliseconds of ours and of the baseline, at a sandbox of their own: nobody is disabled in it yet."""
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name, programs.sandbox() as settings:
        folder = Path(name)
        env = programs.environment(CSRDESK_CONFIG=str(allowed(folder, Path(settings))))
        _write(folder, [person.username for person in crowd()[:ACCOUNTS]])
        ours = programs.milliseconds([*_ours(folder), "--yes"], env)
        count = str(ACCOUNTS * REQUESTS["disableUser"])
        return ours, programs.milliseconds([programs.PYTHON, _BARE, settings, count, str(PARALLEL)], env)


def allowed(folder: Path, settings: Path) -> Path:
    """The sandbox's settings, with lists allowed to whoever runs this."""
    import getpass

    path = programs.with_data_in(folder, settings)
    text = path.read_text("utf-8").replace("[desk]\n", f'[desk]\nbulk_identities = ["{getpass.getuser()}"]\n')
    for old, new in _FAST:
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return path


def _write(folder: Path, names: list[str]) -> None:
    (folder / "list.csv").write_text("".join(f"{name}\n" for name in names), "utf-8")
    (folder / "result.csv").unlink(missing_ok=True)


def _ours(folder: Path) -> list[str]:
    files = ["--from", str(folder / "list.csv"), "--result", str(folder / "result.csv")]
    return [programs.CSRDESK, "user", "disable", *files, "--reason", "bench", "--ticket", "B-1"]


def _peak(folder: Path, env: dict[str, str], count: int, ends: int, *options: str) -> float:
    """Megabytes that the command held at most: without `--yes` it reads, plans and ends."""
    _write(folder, [f"nobody{number}" for number in range(count)])
    words = [programs.PYTHON, "-c", _PEAK, str(ends), *_ours(folder), *options]
    done = subprocess.run(words, check=False, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return float(done.stdout)
