"""How soon can a customer use the page? From the end of the response to a field or button that takes input.

In Chromium, on loopback, with an empty cache each time: style sheet and scripts are fetched and run within that time.
What the browser itself says (`PerformanceNavigationTiming`): `responseEnd` to `domContentLoadedEventEnd`, by which
deferred scripts have run. The baseline is a page with one field, nothing to fetch and no script.
"""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime

from playwright.async_api import Browser, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bench.figure import Figure, Judged, NotMeasured, Sample, sample
from csrdesk.server.app import make_app
from csrdesk.server.look import Look
from csrdesk.server.serve import listen, serve
from tests.browser.samples import ASKING
from tests.server.customers import Customers

ROUNDS = 5
PAGES = ("code", "device", "passcode", "passkey", "push", "new password")
BARE = "<!doctype html><title>Bare</title><form method=post><input name=code autofocus><button>Go</button></form>"
TIMED = """() => {
  const [timing] = performance.getEntriesByType("navigation");
  return timing.domContentLoadedEventEnd - timing.responseEnd;
}"""


def measure(*, quick: bool) -> list[Figure | NotMeasured]:
    question = "response to first input on a customer's page"
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        return [NotMeasured(question, "no Chromium here")]
    ours, base = asyncio.run(_measured(chromium, 1 if quick else ROUNDS))
    bare = "page with one field"
    return [Figure(question=question, ours=ours, baseline=bare, base=base, judged=Judged.P99, target=200)]


async def _measured(chromium: str, rounds: int) -> tuple[Sample, Sample]:
    customers, listener, other = Customers(), listen(), listen()
    origin, bare = (f"http://localhost:{one.getsockname()[1]}" for one in (listener, other))
    look = Look(company="Example Health", phone="+1 555 0100")
    app = make_app(customers, look, key=bytes(32), public_url=origin, now=lambda: datetime.now(UTC))
    ours, base = [], []
    async with serve(app, listener), serve(_bare(), other), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        await _took(browser, bare)
        for _ in range(rounds):
            for name in PAGES:
                ours.append(await _took(browser, f"{origin}/v/{customers.new_link(ASKING[name])}"))
                base.append(await _took(browser, bare))
        await browser.close()
    return sample(ours), sample(base)


def _bare() -> Starlette:
    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(BARE)

    return Starlette(routes=[Route("/", page)])


async def _took(browser: Browser, address: str) -> float:
    """Milliseconds, in a browser that has never been there."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(address, wait_until="load")
    took: float = await page.evaluate(TIMED)
    await context.close()
    return took
