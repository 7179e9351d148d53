"""A customer's browser without scripts: keeps its cookie, reads the forms of a page, and presses one button of it."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx


class Forms(HTMLParser):
    """The forms of a page: for each the fields as they are served, and the `type` that its button carries."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append({})
        elif tag == "input" and "name" in values and values.get("type") != "radio" and self.found:
            self.found[-1][values["name"]] = values.get("value", "")
        elif tag == "button" and self.found:
            self.found[-1][values["name"]] = values["value"]


class Visitor:
    """Opens one link. `page` is the last answer."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self.path = f"/v/{token}"
        self.page: httpx.Response

    async def open(self, **headers: str) -> httpx.Response:
        self.page = await self.client.get(self.path, headers=headers)
        return self.page

    def form(self, kind: str, **fields: str) -> dict[str, str]:
        """The first form of the page whose button carries `kind`, filled in."""
        form = next(form for form in Forms(self.page.text).found if form.get("type") == kind)
        return form | fields

    async def post(self, form: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form, and follow where it leads."""
        self.page = await self.client.post(self.path, data=form, headers=headers)
        if self.page.status_code == 303:
            self.page = await self.client.get(self.page.headers["location"], headers={"Sec-Fetch-Site": "same-origin"})
        return self.page

    async def press(self, kind: str, **fields: str) -> httpx.Response:
        """Press the button that carries `kind`, after typing `fields`."""
        return await self.post(self.form(kind, **fields))
