"""Every command with its options and examples, as `--help` shows them."""

from __future__ import annotations

from typer.testing import CliRunner

from csrdesk.cli.commands import GROUPS, tree

HEAD = """# Commands

Without a command `csrdesk` opens the console. What comes out of `--json` always has the same keys: `schema`
(`csrdesk/1`), `command`, `ok`, `exit_code`, `data`, `error` (`errorMessage`, `errorDetails`, `code`, sometimes
`reference`, or null) and `messages`. [Exit codes](exit-codes.md) are the same with and without it.

Environment: `CSRDESK_CONFIG` names the settings file; `CSRDESK_PINGONE_CLIENT_SECRET_FILE`,
`CSRDESK_DIRECTORY_PASSWORD_FILE` and `CSRDESK_MAIL_PASSWORD_FILE` name files that hold a secret.
"""


def pages() -> dict[str, str]:
    parts = [HEAD]
    for group, commands in GROUPS.items():
        alone = [] if commands and group != "sandbox" else [(group,)]
        for words in (*alone, *((group, command) for command in commands)):
            parts += [f"## csrdesk {' '.join(words)}", "", "```text", _help(*words), "```", ""]
    return {"commands.md": "\n".join(parts)}


def _help(*words: str) -> str:
    shown = CliRunner().invoke(tree(words), [*words, "--help"], prog_name="csrdesk")
    return "\n".join(line.rstrip() for line in shown.stdout.strip().splitlines())
