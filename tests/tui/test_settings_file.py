"""Settings that are changed under a running console: said once, with what is wrong, and nothing else happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from csrdesk.console.settings_file import CHANGED, watch

GOOD = '[pingone]\nenvironment_id = "e"\nclient_id = "c"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(GOOD, "utf-8")
    return path


@pytest.fixture
async def said(path: Path) -> AsyncIterator[list[str]]:
    words: list[str] = []
    watching = asyncio.create_task(watch(path, words.append, seconds=0.01))
    await asyncio.sleep(0.05)
    yield words
    watching.cancel()


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def remove(path: Path) -> None:
    path.unlink()


async def until_said(said: list[str], number: int) -> None:
    async with asyncio.timeout(10):
        while len(said) < number:  # noqa: ASYNC110 - the watcher tells nobody else
            await asyncio.sleep(0.01)


async def test_a_change_is_said_once_with_what_to_do(path: Path, said: list[str]) -> None:
    write(path, GOOD + '[desk]\ntheme = "light"\n')
    await until_said(said, 1)
    await asyncio.sleep(0.1)
    assert said == [CHANGED]
    assert "start it again" in CHANGED


async def test_settings_that_became_wrong_are_named_with_file_and_key(path: Path, said: list[str]) -> None:
    write(path, GOOD + '[desk]\ntheme = "pink"\n')
    await until_said(said, 1)
    assert "cannot be used like this. This console goes on with the old ones." in said[0]
    assert f"{path}: desk.theme" in said[0]


async def test_settings_that_are_gone_and_come_back_are_said_each_time(path: Path, said: list[str]) -> None:
    remove(path)
    await until_said(said, 1)
    assert "There are no settings at" in said[0]
    write(path, GOOD)
    await until_said(said, 2)
    assert said[1] == CHANGED


async def test_settings_that_nobody_touches_are_not_spoken_of(said: list[str]) -> None:
    await asyncio.sleep(0.2)
    assert said == []
