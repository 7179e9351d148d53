"""Keys that settings replace: the new one works, the old one does not, and whatever names a key names the new one."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Callable, Iterator

import msgspec
from textual.binding import Binding
from textual.widgets import Input

from csrdesk import screens
from csrdesk.app import CsrdeskApp
from csrdesk.config import KeySettings
from csrdesk.config.keys import first_key, key_of
from csrdesk.flows import answers as a
from csrdesk.flows.csr_main import CallOver
from csrdesk.flows.doors import Session, View
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.call_over import CallOverScreen
from csrdesk.screens.calls import CallsScreen
from csrdesk.screens.confirm import ConfirmScreen
from csrdesk.screens.dialog import Dialog
from csrdesk.screens.frame import FrameScreen
from csrdesk.screens.help import HelpScreen
from csrdesk.screens.username import UsernameScreen
from csrdesk.widgets.choices import CHOICES
from tests.samples import AGENT, NOW
from tests.tui.easel import INFO
from tests.tui.fake import FakeDesk, FakeSession
from tests.tui.reading import words

FIXED = {"enter", "escape"}


def console(session: Session, **changed: str) -> CsrdeskApp:
    async def connect() -> Session:
        return session

    keys = msgspec.structs.replace(KeySettings(), **changed)
    app = CsrdeskApp(connect, msgspec.structs.replace(INFO, keys=keys, mailbox_url=""), now=lambda: NOW)
    app.animation_level = "none"
    return app


def at(name: str, call: str = "call-1") -> FakeSession:
    return FakeSession(View(call, "csr_main", 0, AGENT[name]))


async def until(condition: Callable[[], object]) -> None:
    """Wait for what will happen soon, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the screen tells nobody when it changes
            await asyncio.sleep(0.01)


async def test_an_answer_is_given_by_its_new_key_and_no_more_by_its_old_one() -> None:
    session = at("account")
    app = console(session, disable="k")
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await until(lambda: "k Disable" in words(app).replace("  ", " "))
        await pilot.press("d")
        await pilot.pause()
        assert session.answers == []
        await pilot.press("k")
        await until(lambda: session.answers)
    assert session.answers == [a.DisableChosen()]


async def test_two_keys_that_change_places_do_what_the_other_did() -> None:
    session = at("account")
    app = console(session, disable="b", back="d")
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("d")
        await until(lambda: session.answers)
    assert session.answers == [a.BackChosen()]


async def test_a_new_key_for_yes_works_while_a_reason_is_typed() -> None:
    session = at("confirm")
    app = console(session, confirm="f9", end_call_typing="ctrl+g")
    async with app.run_test() as pilot:
        await until(lambda: isinstance(app.screen, ConfirmScreen))
        await until(lambda: " F9 " in words(app))
        app.screen.query_one("#reason", Input).focus()
        await pilot.press(*"lost", "f9")
        await until(lambda: session.answers)
    assert isinstance(session.answers[0], a.Confirmed)
    assert session.answers[0].reason == "lost"


async def test_what_always_works_is_replaced_in_every_place_that_names_it() -> None:
    desk = FakeDesk(at("account"), at("username", "call-2"))
    app = console(desk, help="f11", calls="ctrl+g", call_after="f10", leave="ctrl+y", commands="ctrl+o")
    async with app.run_test(size=(80, 40)) as pilot:
        await until(lambda: isinstance(app.screen, AccountScreen))
        await until(lambda: "F11 Help  Ctrl+O Commands  Ctrl+Y Leave" in words(app))
        await pilot.press("f11")
        await until(lambda: isinstance(app.screen, HelpScreen))
        await until(lambda: "Ctrl+G       your open calls; F3 and F10 go from one to the next" in words(app))
        assert "Ctrl+Y       leave" in words(app)
        await pilot.press("f11")
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("ctrl+g")
        await until(lambda: isinstance(app.screen, CallsScreen))
        await pilot.press("ctrl+g")
        await until(lambda: isinstance(app.screen, AccountScreen))
        await pilot.press("ctrl+n")
        await until(lambda: isinstance(app.screen, UsernameScreen) and "Ctrl+G 2 calls" in words(app))
        commands = {command.title: command.help for command in app.get_system_commands(app.screen)}
        assert commands["Calls"].endswith("(Ctrl+G)")
        await pilot.press("ctrl+o")
        await until(lambda: "Search" in words(app))


async def test_the_screen_between_two_calls_names_the_new_keys() -> None:
    session = at("username")
    app = console(session, ticket="f8", leave="ctrl+y")
    async with app.run_test():
        await until(lambda: isinstance(app.screen, UsernameScreen) and "Connected" in words(app))
        session.move(outcome=CallOver())
        await until(lambda: isinstance(app.screen, CallOverScreen))
        await until(lambda: "F8 " in words(app) and "Ctrl+Y " in words(app))


def test_each_key_that_is_not_fixed_has_a_name_that_settings_know() -> None:
    names = {field.name for field in msgspec.structs.fields(KeySettings)} | FIXED
    used = {name for choice in CHOICES for name in (choice.key, choice.form_key) if name}
    assert used - names == set()


def test_each_name_that_settings_know_is_bound_somewhere_to_the_key_that_they_say() -> None:
    bound = {binding.id: binding.key for binding in bindings() if binding.id}
    assert bound == {name: first_key(name) for name in bound}
    names = {field.name for field in msgspec.structs.fields(KeySettings)}
    assert names == set(bound) - FIXED
    assert {name: key_of(name, KeySettings()) for name in bound} == bound


def bindings() -> Iterator[Binding]:
    """Of the application and of every screen."""
    for module in pkgutil.iter_modules(screens.__path__, "csrdesk.screens."):
        importlib.import_module(module.name)
    for kind in (CsrdeskApp, *below(FrameScreen), *below(Dialog)):
        yield from (binding for binding in kind.__dict__.get("BINDINGS", ()) if isinstance(binding, Binding))


def below(kind: type[object]) -> list[type[object]]:
    """It and everything made of it."""
    children: list[type[object]] = kind.__subclasses__()
    return [kind, *(found for child in children for found in below(child))]
