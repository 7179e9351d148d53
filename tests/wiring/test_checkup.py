"""The check-up's own rules: all looks at once, each in its own time, none taking another with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from csrdesk.errors import StoreUnavailableError
from csrdesk.model.checkup import Finding, Level, ok
from csrdesk.sandbox import Options, Sandbox, ids
from csrdesk.wiring.checkup import Look, looks, take_all
from csrdesk.wiring.trial import settings_for


async def test_all_looks_are_taken_at_once_and_told_in_their_order() -> None:
    met = asyncio.Barrier(3)
    told: list[tuple[str, ...]] = []

    def look(area: str) -> Look:
        async def take() -> tuple[Finding, ...]:
            await met.wait()
            return (ok(area, "well"),)

        return Look(area, take)

    async with asyncio.timeout(30):
        found = await take_all((look("a"), look("b"), look("c")), told.append)
    assert [one.area for one in found] == ["a", "b", "c"]
    assert (told[0], told[-1]) == (("a", "b", "c"), ())


async def test_a_look_that_never_ends_or_fails_is_wrong_and_the_others_stand() -> None:
    async def never() -> tuple[Finding, ...]:
        await asyncio.Event().wait()
        return ()

    async def fails() -> tuple[Finding, ...]:
        raise StoreUnavailableError("The desk's database is locked.")

    async def well() -> tuple[Finding, ...]:
        return (ok("c", "well"),)

    found = await take_all((Look("a", never), Look("b", fails), Look("c", well)), lambda _: None, patience=0.05)
    assert [(one.area, one.level) for one in found] == [("a", Level.WRONG), ("b", Level.WRONG), ("c", Level.OK)]
    assert found[1].what == "The desk's database is locked."


async def test_registration_is_looked_at_where_settings_offer_it(tmp_path: Path) -> None:
    async with Sandbox(Options()) as box:
        plain = settings_for(box.settings(), tmp_path)
        terms = replace(plain.flow, ciam_agreement_enabled=True, agreement_id=ids.AGREEMENT)
        offered = replace(plain, flow=terms, registration=replace(plain.registration, enabled=True))
        missing = replace(offered, pingone=replace(plain.pingone, client_secret_file=str(tmp_path / "none")))
        found = []
        for settings in (plain, offered, missing):
            named = tuple(look for look in looks(settings, tmp_path) if look.area == "Registration")
            found.append([(one.level, one.what) for one in await take_all(named, lambda _: None)])
    assert found == [
        [],
        [
            (Level.OK, "Terms to accept: Terms of use (en)."),
            (Level.OK, "Customers can add: FIDO2, TOTP, SMS, VOICE, EMAIL."),
        ],
        [(Level.WRONG, "Not asked: there is no client secret.")],
    ]
