"""What PingOne Protect is told of a page's browser: by the browser itself, and by PingOne's own script."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from msgspec.structs import replace

from csrdesk.config import PingOneSettings, ProtectSettings, Settings, check
from csrdesk.errors import ConfigError
from csrdesk.flows import doors
from csrdesk.model.secret import Secret
from csrdesk.server.app import make_app
from csrdesk.server.look import with_signals
from csrdesk.server.signals import Signals
from csrdesk.server.visitors import MAX_SIGNALS
from tests.server.conftest import KEY, LOOK, ORIGIN
from tests.server.customers import CODE, NOW, Customers
from tests.server.visitor import Visitor

Visit = Callable[[], Visitor]
AGENT = "python-httpx"


@pytest.mark.parametrize(
    ("posted", "handed_on"),
    [
        ({}, None),
        ({"signals": ""}, None),
        ({"signals": " R/o1.payload== "}, "R/o1.payload=="),
        ({"signals": "x" * MAX_SIGNALS}, "x" * MAX_SIGNALS),
        ({"signals": "x" * (MAX_SIGNALS + 1)}, None),
    ],
)
async def test_what_the_script_found_is_handed_on_within_bounds_and_is_no_answer(
    visit: Visit, customers: Customers, posted: dict[str, str], handed_on: str | None
) -> None:
    visitor = visit()
    await visitor.open()
    page = await visitor.press("CodeGiven", code=CODE, **posted)
    assert page.status_code == 200
    (seen, *_) = customers.visitors
    assert seen.user_agent.startswith(AGENT)
    assert seen.signals == (Secret(handed_on) if handed_on else None)


async def test_a_browsers_name_is_made_harmless_and_cut_short(visit: Visit, customers: Customers) -> None:
    visitor = visit()
    await visitor.open()
    await visitor.post(visitor.form("CodeGiven", code=CODE), **{"User-Agent": "Mozilla\t" + "x" * 2000})
    agent = customers.visitors[0].user_agent
    assert "\t" not in agent
    assert len(agent) <= 512
    assert customers.visitors[0] != doors.NOBODY


SIGNALS = Signals(
    "https://apps.pingone.test/signals/web-sdk/5.6.0/signals-sdk.js", "sha384-" + "A" * 64, "00000000-0000-0000-0000-1"
)


async def test_r_15_pingones_script_is_the_one_asset_from_elsewhere_by_origin_and_hash(customers: Customers) -> None:
    app = make_app(customers, replace(LOOK, signals=SIGNALS), key=KEY, public_url=ORIGIN, now=lambda: NOW)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        visitor = Visitor(client, customers.new_link())
        page = await visitor.open()
        assert f'src="{SIGNALS.url}" integrity="{SIGNALS.integrity}" crossorigin="anonymous" defer' in page.text
        assert f'data-environment="{SIGNALS.environment_id}"' in page.text
        allowed = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
        assert allowed.pop("script-src") == "'self' https://apps.pingone.test"
        assert not any("pingone" in sources for sources in allowed.values())
        assert visitor.form("CodeGiven")["signals"] == ""
        lost = await client.get("/nothing/here")
        assert lost.headers["content-security-policy"] == page.headers["content-security-policy"]


async def test_r_15_without_settings_nothing_is_loaded_from_elsewhere(visit: Visit) -> None:
    visitor = visit()
    page = await visitor.open()
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "signals" not in page.text


def test_settings_make_the_pages_load_the_script_only_where_they_name_it() -> None:
    settings = Settings(pingone=PingOneSettings("env-1", "client-1"))
    assert with_signals(LOOK, settings) == LOOK
    named = replace(settings, protect=ProtectSettings(signals_url=SIGNALS.url, signals_integrity=SIGNALS.integrity))
    assert with_signals(LOOK, named).signals == replace(SIGNALS, environment_id="env-1")


@pytest.mark.parametrize(
    ("url", "integrity", "key"),
    [
        (SIGNALS.url, "", "protect.signals_integrity"),
        (SIGNALS.url, "sha384-short", "protect.signals_integrity"),
        (SIGNALS.url, "md5-" + "A" * 22, "protect.signals_integrity"),
        ("", SIGNALS.integrity, "protect.signals_integrity"),
        ("http://apps.pingone.test/sdk.js", SIGNALS.integrity, "protect.signals_url"),
        ("https://apps.pingone.test;script-src *", SIGNALS.integrity, "protect.signals_url"),
        ("https://apps.pingone.test/a b.js", SIGNALS.integrity, "protect.signals_url"),
        ("//apps.pingone.test/sdk.js", SIGNALS.integrity, "protect.signals_url"),
    ],
)
def test_r_15_a_script_that_could_be_another_one_is_refused_at_start(url: str, integrity: str, key: str) -> None:
    settings = Settings(
        pingone=PingOneSettings("env-1", "client-1"),
        protect=ProtectSettings(signals_url=url, signals_integrity=integrity),
    )
    with pytest.raises(ConfigError) as error:
        check(settings)
    assert error.value.key == key
