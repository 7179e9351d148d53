"""Kill -9 anywhere in a whole call: nothing is done twice, nothing without its intent, no call lost, the audit whole.

`make crash` does the same a thousand times by chance.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.harness import harness
from tests.crash.plots import ACTS, CALLED_BACK, MANAGED, PUSHED, RECOVERED, REGISTERED, RESET, SPOKEN, Plot
from tests.crash.sweep import by_chance, sweep, that_differ, unkilled
from tests.crash.zygote import Played

SEED = 20_300_101
KILLS = 24


def folder(parent: Path, name: str) -> Path:
    found = parent / name
    found.mkdir()
    return found


async def points(tmp_path: Path, plot: Plot = ACTS) -> tuple[str, ...]:
    """Where the call can be killed."""
    story = await unkilled(folder(tmp_path, "unkilled"), plot)
    assert story.flaws == []
    assert story.played
    return story.played.points


def around(names: tuple[str, ...], *acts: str) -> list[int]:
    """The points that differ, shortly before and after each of these acts."""
    near = {names.index(f"after {act}") + 1 + away for act in acts for away in range(-3, 5)}
    return [kill for kill in that_differ(names) if kill in near]


async def all_well(tmp_path: Path, plot: Plot, names: tuple[str, ...], kills: list[int]) -> None:
    """Kill at each of these points, and find nothing wrong."""
    tally = await sweep(folder(tmp_path, "killed"), [(float(kill),) for kill in kills], names, plot=plot)
    assert tally.flaws == []
    # What is done at the same time comes in another order now and then, so a call may have some points less.
    assert sum(tally.killed.values()) > 0.9 * len(kills)


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
    await all_well(tmp_path, ACTS, names, kills)


async def test_r_62_a_new_password_is_set_once_wherever_its_desk_is_killed(tmp_path: Path) -> None:
    names = await points(tmp_path, RESET)
    first = names.index("before SetDirectoryPassword") - 12
    kills = [kill for kill in that_differ(names) if kill > first]
    assert len(kills) > 15
    await all_well(tmp_path, RESET, names, kills)


async def test_r_62_a_caller_by_the_spoken_address_is_verified_wherever_the_desk_is_killed(tmp_path: Path) -> None:
    names = await points(tmp_path, SPOKEN)
    verified = names.index("before SetPingOneEnabled")
    kills = [kill for kill in that_differ(names) if kill <= verified]
    assert {"after OpenAddress", "after CheckAssertion"} <= {names[kill - 1] for kill in kills}
    await all_well(tmp_path, SPOKEN, names, kills)


async def test_r_62_a_caller_by_a_push_is_verified_wherever_the_desk_is_killed(tmp_path: Path) -> None:
    names = await points(tmp_path, PUSHED)
    verified = names.index("before SetPingOneEnabled")
    kills = [kill for kill in that_differ(names) if kill <= verified]
    assert {"after StartDeviceAuthentication", "after AwaitPush"} <= {names[kill - 1] for kill in kills}
    await all_well(tmp_path, PUSHED, names, kills)


async def test_r_62_a_caller_by_a_call_back_is_verified_wherever_the_desk_is_killed(tmp_path: Path) -> None:
    names = await points(tmp_path, CALLED_BACK)
    # What comes before is the look-up, as in the other calls.
    chosen, verified = names.index("before RingNumber") - 4, names.index("before UnlockDirectory")
    kills = [kill for kill in that_differ(names) if chosen < kill <= verified]
    assert {"after RingNumber", "after CheckHeard"} <= {names[kill - 1] for kill in kills}
    await all_well(tmp_path, CALLED_BACK, names, kills)


async def test_r_62_a_last_day_a_demanded_change_and_a_blocked_device_are_each_written_once_wherever_the_desk_is_killed(
    tmp_path: Path,
) -> None:
    names = await points(tmp_path, MANAGED)
    acts = ("SetDirectoryExpiry", "DemandPasswordChange", "ChangeDevice")
    kills = around(names, *acts)
    assert {f"after {act}" for act in acts} <= {names[kill - 1] for kill in kills}
    await all_well(tmp_path, MANAGED, names, kills)


async def test_r_62_a_recovery_sets_its_password_once_wherever_the_desk_is_killed(tmp_path: Path) -> None:
    names = await points(tmp_path, RECOVERED)
    acts = ("SendRecoveryCode", "RecoverPassword", "EndSessions")
    kills = around(names, *acts)
    assert {f"after {act}" for act in acts} <= {names[kill - 1] for kill in kills}
    await all_well(tmp_path, RECOVERED, names, kills)


async def test_a_registration_makes_one_whole_account_wherever_the_desk_is_killed(tmp_path: Path) -> None:
    names = await points(tmp_path, REGISTERED)
    acts = ("CreateUser", "AcceptAgreement", "EnrollEmail")
    kills = around(names, *acts)
    assert {f"after {act}" for act in acts} <= {names[kill - 1] for kill in kills}
    await all_well(tmp_path, REGISTERED, names, kills)


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
