"""What a command's exit code means, and which error code ends with which."""

from __future__ import annotations

from csrdesk.cli import exits

HEAD = """# Exit codes

Scripts can build on these. With `--json` the number stands in `exit_code`, and the `code` of [the error](errors.md)
says more.

| exit | meaning | error codes |
|---|---|---|
"""


def pages() -> dict[str, str]:
    rows = [f"| {int(number)} | {meaning} | {_codes(number)} |" for number, meaning in exits.MEANING.items()]
    return {"exit-codes.md": HEAD + "\n".join(rows)}


def _codes(number: exits.Exit) -> str:
    codes = [kind.code for kind, exit_code in exits.ERRORS.items() if exit_code is number]
    return ", ".join(f"`{code}`" for code in sorted(codes))
