"""Kill -9 anywhere in a whole call: nothing is done twice, nothing without its intent, no call lost, the audit whole.

`make crash` does the same a thousand times by chance.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.harness import ACTS, PUSHED, RESET, SPOKEN, harness
from tests.crash.sweep import by_chance, sweep, that_differ, unkilled
from tests.crash.zygote import Played

SEED = 20_300_101
KILLS = 24


def folder(parent: Path, name: str) -> Path:
    found = parent / name
    found.mkdir()
    return found


async def points(tmp_path: Path, goals: tuple[str, ...] = ACTS) -> tuple[str, ...]:
    """Where the call can be killed."""
    story = await unkilled(folder(tmp_path, "unkilled"), goals)
    assert story.flaws == []
    assert story.played
    return story.played.points


async def test_r_62_a_call_that_is_killed_at_every_point_is_brought_to_its_end_and_nothing_is_done_twice(
    tmp_path: Path,
) -> None:
    names = await points(tmp_path)
    kills = that_differ(names)
    assert len(kills) > 80
    assert {name for name in names if "Set" in name or "Unlock" in name or "End" in name} >= {
        f"{when} {act}"
        for when in ("before", "after")
        for act in ("SetPingOneEnabled", "SetDirectoryEnabled", "UnlockDirectory", "UnlockPingOne", "EndSessions")
    }
    tally = await sweep(folder(tmp_path, "killed"), [(float(kill),) for kill in kills], names)
    assert tally.flaws == []
    # What is done at the same time comes in another order now and then, so a call may have some points less.
    assert sum(tally.killed.values()) > 0.9 * len(kills)


async def test_r_62_a_new_password_is_set_once_wherever_its_desk_is_killed(tmp_path: Path) -> None:
    names = await points(tmp_path, RESET)
    first = names.index("before SetDirectoryPassword") - 12
    kills = [kill for kill in that_differ(names) if kill > first]
    assert len(kills) > 15
    tally = await sweep(folder(tmp_path, "killed"), [(float(kill),) for kill in kills], names, goals=RESET)
    assert tally.flaws == []
    assert sum(tally.killed.values()) > 0.9 * len(kills)


async def test_r_62_a_caller_by_the_spoken_address_is_verified_wherever_the_desk_is_killed(tmp_path: Path) -> None:
    names = await points(tmp_path, SPOKEN)
    verified = names.index("before SetPingOneEnabled")
    kills = [kill for kill in that_differ(names) if kill <= verified]
    assert {"after OpenAddress", "after CheckAssertion"} <= {names[kill - 1] for kill in kills}
    tally = await sweep(folder(tmp_path, "killed"), [(float(kill),) for kill in kills], names, goals=SPOKEN)
    assert tally.flaws == []
    assert sum(tally.killed.values()) > 0.9 * len(kills)


async def test_r_62_a_caller_by_a_push_is_verified_wherever_the_desk_is_killed(tmp_path: Path) -> None:
    names = await points(tmp_path, PUSHED)
    verified = names.index("before SetPingOneEnabled")
    kills = [kill for kill in that_differ(names) if kill <= verified]
    assert {"after StartDeviceAuthentication", "after AwaitPush"} <= {names[kill - 1] for kill in kills}
    tally = await sweep(folder(tmp_path, "killed"), [(float(kill),) for kill in kills], names, goals=PUSHED)
    assert tally.flaws == []
    assert sum(tally.killed.values()) > 0.9 * len(kills)


async def test_kills_by_chance_lose_nothing(tmp_path: Path) -> None:
    names = await points(tmp_path)
    tally = await sweep(folder(tmp_path, "killed"), by_chance(names, 1.0, SEED), names, kills=KILLS)
    assert tally.flaws == []
    assert sum(tally.killed.values()) >= KILLS


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ("after SendMagicLink", "It may have been sent; send again if it was not."),
        ("after SetPingOneEnabled", "PingOne: disabled"),
        ("before SetPingOneEnabled", "PingOne: not disabled. csrdesk stopped before it was done"),
        ("after CheckPasscode", "That link was ended."),
    ],
)
async def test_the_agent_reads_what_is_known_of_what_was_interrupted(tmp_path: Path, after: str, words: str) -> None:
    async with harness(folder(tmp_path, "killed")) as one:
        story = await one.story(after)
    assert story.flaws == []
    assert story.kills
    assert any(words in said for said in said_of(story.played)), said_of(story.played)


def said_of(played: Played | None) -> tuple[str, ...]:
    assert played
    assert played.said[0].startswith("resumed")
    return played.said
