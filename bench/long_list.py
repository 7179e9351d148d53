"""A long list, really worked through: `python -m bench.long_list 100000 [--seconds 3600]`. Not part of `make bench`.

As many invented people are disabled in PingOne and in the directory, signed out and told by mail, each with a look-up,
read-backs and audit, eight at a time, with the limits of PingOne and the mail server out of the way. Printed are what
the sandbox found, whether the audit is whole, the rate, and what memory the command held on the way: for each tenth of
the accounts that ended, the most within it. After `--seconds` it is ended as by Ctrl-C, and what was done is judged.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench import programs
from bench.leavers_sandbox import NAME, READY
from bench.lists import allowed

_EVERY = 1.0
"""Seconds between two looks at the memory."""
_ENDED = re.compile(r"([\d,]+) of [\d,]+,")
_MOST = re.compile(r"VmRSS:\s+(\d+) kB")


class Run:
    """The command while it works: how many accounts have ended, and the memory that it held at each look."""

    def __init__(self, words: list[str], env: dict[str, str]) -> None:
        self.ended = 0
        self.looks: list[tuple[int, float]] = []
        """Accounts that had ended, and megabytes."""
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, env=env, text=True, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def over(self, seconds: float) -> dict[str, object]:
        """Wait for its end, or end it after that long; what it said in the end."""
        until = time.monotonic() + seconds
        while self.process.poll() is None:
            self._look()
            if time.monotonic() > until:
                self.process.send_signal(signal.SIGINT)
                until = float("inf")
            time.sleep(_EVERY)
        self._listener.join()
        assert self.process.stdout
        told: dict[str, object] = json.loads(self.process.stdout.read())
        return told

    def _look(self) -> None:
        try:
            found = _MOST.search(Path(f"/proc/{self.process.pid}/status").read_text("utf-8"))
        except OSError:
            return
        if found and self.ended:
            self.looks.append((self.ended, int(found[1]) / 1024))

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            if found := _ENDED.search(line):
                self.ended = int(found[1].replace(",", ""))
                print(line.strip(), file=sys.stderr, flush=True)

    def tenths(self) -> Iterator[str]:
        """The most memory within each tenth of what ended."""
        step = max(1, self.ended // 10 + 1)
        for tenth in range(10):
            within = [held for ended, held in self.looks if ended // step == tenth]
            if within:
                yield f"{min((tenth + 1) * step, self.ended):>9,} accounts  {max(within):6.1f} MB"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.long_list", description=__doc__)
    parser.add_argument("accounts", type=int)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end it after that long, as Ctrl-C does")
    given = parser.parse_args()
    programs.compile_all()
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as name:
        folder = Path(name)
        words = [programs.PYTHON, "-m", "bench.leavers_sandbox", str(folder)]
        sandbox = subprocess.Popen(
            words, cwd=programs.ROOT, env=programs.environment(), stdout=subprocess.PIPE, text=True
        )
        assert sandbox.stdout
        settings = Path(sandbox.stdout.readline().removeprefix(READY).strip())
        flawed = _worked_through(folder, settings, given.accounts, given.seconds)
        sandbox.terminate()
        found = json.loads(sandbox.stdout.read())
    print("the sandbox:", ", ".join(f"{count:,} {what}" for what, count in found.items()))
    return flawed or int(len(set(found.values())) != 1)


def _worked_through(folder: Path, settings: Path, accounts: int, seconds: float) -> int:
    work = folder / "work"
    work.mkdir()
    env = programs.environment(CSRDESK_CONFIG=str(allowed(work, settings)))
    with (work / "list.csv").open("w", encoding="utf-8") as file:
        file.writelines(f"{NAME.format(number)}\n" for number in range(accounts))
    files = ["--from", str(work / "list.csv"), "--result", str(work / "result.csv")]
    order = [programs.CSRDESK, "user", "disable", *files, "--reason", "bench", "--ticket", "B-1", "--yes", "--json"]
    began = time.monotonic()
    run = Run(order, env)
    told = run.over(seconds)
    took = time.monotonic() - began
    with (work / "result.csv").open(encoding="utf-8", newline="") as file:
        came = Counter(row["result"] for row in csv.DictReader(file))
    run.ended = came.total()
    print(f"{came.total():,} accounts ended ({dict(came)}) in {took:,.0f} s, {came.total() / took:.1f} a second")
    print(json.dumps(told.get("data") or told.get("error")))
    print(*run.tenths(), sep="\n")
    audit = [programs.CSRDESK, "audit", "verify", "--json"]
    whole = subprocess.run(audit, env=env, check=False, capture_output=True, text=True)
    print("audit verify:", whole.stdout.strip() or whole.stderr.strip())
    open_ = subprocess.run(
        [*audit[:2], "list", "--unknown", "--json"], env=env, check=False, capture_output=True, text=True
    )
    open_intents = json.loads(open_.stdout)["data"]
    print("intents without an outcome:", len(open_intents))
    return int(bool(whole.returncode or open_intents or set(came) != {"done"}))


if __name__ == "__main__":
    sys.exit(main())
