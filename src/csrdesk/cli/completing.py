"""Completion scripts: the tree of commands as places with words and options, and each shell's way to write them down.

Apart from the command, so that the tree need not load what writes scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec
import typer
from typer.core import TyperGroup, TyperOption

from csrdesk.cli.commands import tree
from csrdesk.cli.options import Shell

_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
"""The typographic one, since shells end a text at the other."""


class Option(msgspec.Struct, frozen=True):
    """An option, as one of its names."""

    name: str
    help: str
    takes: str = ""
    """`file`, `value`, or empty for a switch."""


class Place(msgspec.Struct, frozen=True):
    """What can come after these words."""

    words: tuple[str, ...]
    nexts: tuple[tuple[str, str], ...]
    """Words with what they are."""
    options: tuple[Option, ...]

    @property
    def key(self) -> str:
        return " ".join(self.words)


def places() -> tuple[Place, ...]:
    """Every place of the tree, the outermost first."""
    root = typer.main.get_command(tree())
    found: list[Place] = []

    def walk(command: object, words: tuple[str, ...]) -> None:
        commands = command.commands if isinstance(command, TyperGroup) else {}
        nexts = tuple((name, _sentence(below.help)) for name, below in commands.items())
        if words == ("completion",):
            nexts = tuple((shell.value, f"A script for {shell.value}") for shell in Shell)
        found.append(Place(words, nexts, _options(getattr(command, "params", ()))))
        for name, below in commands.items():
            walk(below, (*words, name))

    walk(root, ())
    return tuple(found)


def _options(parameters: Iterable[object]) -> tuple[Option, ...]:
    found = [
        Option(name, _sentence(one.help), "" if one.is_flag else "file" if one.metavar == "FILE" else "value")
        for one in parameters
        if isinstance(one, TyperOption)
        for name in (*one.opts, *one.secondary_opts)
    ]
    return (*found, Option("--help", "Show the help"))


def _sentence(text: str | None) -> str:
    """The first sentence without its full stop: one line, and nothing that a shell gives a meaning to."""
    first = re.split(r"[.:;] |\.?\n|\.$", (text or "").strip(), maxsplit=1)[0]
    return re.sub(rf"[^\w \-,(){_APOSTROPHE}]", "", first.replace("'", _APOSTROPHE))


def _taking(found: Iterable[Place], takes: str) -> str:
    """The options that take such a value, as alternatives of a pattern."""
    names = dict.fromkeys(option.name for place in found for option in place.options if option.takes == takes)
    return "|".join(names)


def _deep(found: Iterable[Place]) -> str:
    """The places of two words, as alternatives of a pattern."""
    return "|".join(f'"{place.key}"' for place in found if len(place.words) > 1)


def bash(found: tuple[Place, ...]) -> str:
    """For bash 3.2 and above, which macOS still has: no associative arrays, no `mapfile`."""
    cases = "\n".join(
        f'        "{place.key}") nexts="{" ".join(name for name, _ in place.nexts)}"\n'
        f'            options="{" ".join(option.name for option in place.options)}" ;;'
        for place in found
    )
    return f"""\
_csrdesk() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
    local place="" nexts="" options=""
    if [ "$COMP_CWORD" -gt 1 ]; then place="${{COMP_WORDS[1]}}"; fi
    if [ "$COMP_CWORD" -gt 2 ]; then
        case "${{COMP_WORDS[1]}} ${{COMP_WORDS[2]}}" in
            {_deep(found)}) place="${{COMP_WORDS[1]}} ${{COMP_WORDS[2]}}" ;;
        esac
    fi
    COMPREPLY=()
    case "$previous" in
        {_taking(found, "file")}) local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")); return ;;
        {_taking(found, "value")}) return ;;
    esac
    case "$place" in
{cases}
    esac
    case "$current" in
        -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
        *) COMPREPLY=($(compgen -W "${{nexts:-$options}}" -- "$current")) ;;
    esac
}}
complete -F _csrdesk csrdesk
"""


def zsh(found: tuple[Place, ...]) -> str:
    """For zsh with its completion system loaded (`compinit`)."""
    cases = "\n".join(
        f"        ('{place.key}') nexts=({' '.join(_described(*one) for one in place.nexts)})\n"
        f"            options=({' '.join(_described(one.name, one.help) for one in place.options)}) ;;"
        for place in found
    )
    return f"""\
#compdef csrdesk
_csrdesk() {{
    local place=''
    local -a nexts options
    (( CURRENT > 2 )) && place="$words[2]"
    if (( CURRENT > 3 )); then
        case "$words[2] $words[3]" in
            ({_deep(found)}) place="$words[2] $words[3]" ;;
        esac
    fi
    case "$words[CURRENT-1]" in
        ({_taking(found, "file")}) _files; return ;;
        ({_taking(found, "value")}) _message 'a value'; return ;;
    esac
    case "$place" in
{cases}
    esac
    if [[ "$words[CURRENT]" == -* || $#nexts -eq 0 ]]; then
        _describe -o 'option' options
    else
        _describe 'command' nexts
    fi
}}
if [[ "$funcstack[1]" == _csrdesk ]]; then _csrdesk "$@"; else compdef _csrdesk csrdesk; fi
"""


def _described(name: str, about: str) -> str:
    return f"'{name}:{about}'"


def fish(found: tuple[Place, ...]) -> str:
    """For fish."""
    deep = _deep(found).replace("|", " ").replace('"', "'")
    lines = [
        f"""\
function __csrdesk_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l place "$words[1]"
    switch "$words[1] $words[2]"
        case {deep}
            set place "$words[1] $words[2]"
    end
    test "$place" = "$argv[1]"
end
complete -c csrdesk -f"""
    ]
    takes = {"file": " -r -F", "value": " -x", "": ""}
    for place in found:
        at = f"complete -c csrdesk -n \"__csrdesk_at '{place.key}'\""
        lines += [f"{at} -a {name} -d '{about}'" for name, about in place.nexts]
        for one in place.options:
            name = f"-l {one.name[2:]}" if one.name.startswith("--") else f"-s {one.name[1:]}"
            lines.append(f"{at} {name}{takes[one.takes]} -d '{one.help}'")
    return "\n".join(lines) + "\n"


WRITERS: dict[Shell, Callable[[tuple[Place, ...]], str]] = {Shell.BASH: bash, Shell.ZSH: zsh, Shell.FISH: fish}
"""Each shell's own."""
