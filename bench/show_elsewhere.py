"""What does `csrdesk user show` cost on a machine whose desk is elsewhere, beyond its requests?"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import programs
from bench.figure import Figure, in_turns

ROUNDS = 21
WHO = "ada"
_BARE = str(programs.BASELINES / "bare_show_elsewhere.py")


def measure(*, quick: bool) -> list[Figure]:
    """The desk, the sandbox and both programs share this machine; the token comes from a file."""
    rounds = ROUNDS // 3 if quick else ROUNDS
    with programs.sandbox() as settings, tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as folder:
        desk = [programs.PYTHON, "-m", "bench.served_desk", settings, folder]
        with programs.running(desk, "served: ", programs.environment()):
            machine = {"CSRDESK_CONFIG": str(Path(folder) / "config.toml"), "CSRDESK_TOKEN_FILE": f"{folder}/token"}
            env = programs.environment(HOME=folder, XDG_DATA_HOME=f"{folder}/home", **machine)
            ours, base = in_turns(
                lambda: programs.milliseconds([programs.CSRDESK, "user", "show", WHO], env),
                lambda: programs.milliseconds([programs.PYTHON, _BARE, WHO], env),
                rounds,
            )
    question = f"csrdesk user show {WHO}, the desk elsewhere"
    baseline = "a bare httpx script, same requests to the desk"
    return [Figure(question=question, ours=ours, baseline=baseline, base=base, target=1.4)]
