"""The page of a magic link: GET shows where its flow stands, POST answers what the page asks and leads back to it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from csrdesk.errors import IllegalEventError, LimitReachedError, LinkOverError, StaleFlowError
from csrdesk.flows.answers import BrowserChecked
from csrdesk.flows.doors import CustomerSession, LinkView, Visitor
from csrdesk.flows.prompts import BrowserPrompt
from csrdesk.model.text import clean
from csrdesk.server.forms import Form, Refusal, answer_to, read_form, webauthn_of
from csrdesk.server.pages import page_of
from csrdesk.server.render import Render
from csrdesk.server.security import Guard, new_browser, withheld
from csrdesk.server.visitors import visitor_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LinkPage:
    """What is behind `/v/{token}`."""

    customers: CustomerSession
    render: Render
    guard: Guard
    now: Callable[[], datetime]

    async def show(self, request: Request) -> Response:
        """GET and HEAD: nothing is changed, sent or consumed; that the link was fetched is noted."""
        token, browser = _token(request), self.guard.browser_of(request)
        if not browser and withheld(request.headers) and "o" not in request.query_params:
            # Led here by web mail, a browser keeps its cookie back. Were it given another one now, it would lose the
            # link that it has already entered the code for; so it comes again, from a page of ours.
            return self.render.page("opening.html", refresh="0; url=?o=1")
        name = browser or new_browser()
        agent = clean(request.headers.get("user-agent", ""))
        fetched = not browser or request.headers.get("sec-fetch-site") != "same-origin"
        try:
            link = await self.customers.open(token, name, user_agent=agent, fetch=fetched)
        except LinkOverError:
            return self.over()
        response = self._page(link, token, name)
        if not browser:
            self.guard.keep_browser(response, name)
        return response

    async def take(self, request: Request) -> Response:
        """POST: an answer to what the page asks, from the browser that it was served to; then back to the page."""
        token, browser = _token(request), self.guard.browser_of(request)
        form = await read_form(request)
        if isinstance(form, Refusal):
            return self.refuse(request, form.status)
        if not self.guard.came_from_us(request.headers) or not self.guard.is_form_of(
            form.pop("form", ""), browser, token
        ):
            return self.refuse(request, 403)
        visitor = visitor_of(request, form)
        try:
            return await self._answer(token, browser, form, self.guard.source(request), visitor)
        except LinkOverError:
            return self.over()
        except LimitReachedError as error:
            return self.too_many(request, error)
        except (StaleFlowError, IllegalEventError):
            return back(token)

    async def _answer(self, token: str, browser: str, form: Form, source: str, visitor: Visitor) -> Response:
        link = await self.customers.open(token, browser, fetch=False, source=source)
        prompt = link.view.prompt
        if prompt is None or form.pop("rev", str(link.view.rev)) != str(link.view.rev):
            return back(token)  # it went on since this form was served
        answer = answer_to(prompt, form)
        if isinstance(answer, Refusal):
            return self._page(link, token, browser, answer)
        link = await self.customers.answer(token, browser, answer, source=source, visitor=visitor)
        if (
            "webauthn" in form
            and isinstance(link.view.prompt, BrowserPrompt)
            and not isinstance(answer, BrowserChecked)
        ):
            # What the form carried along answers the browser's check, so that nobody has to press a button for it.
            checked = BrowserChecked(webauthn_of(form))
            link = await self.customers.answer(token, browser, checked, source=source)
        if link.view.outcome is not None and not await self._still_shows(token, browser):
            return self._page(link, token, browser)
        return back(token)

    async def _still_shows(self, token: str, browser: str) -> bool:
        """Whether the page can be loaded again. If not, its last word is shown at once, or nobody would read it."""
        try:
            await self.customers.open(token, browser, fetch=False)
        except LinkOverError:
            return False
        return True

    def _page(self, link: LinkView, token: str, browser: str, refusal: Refusal | None = None) -> Response:
        page = page_of(link, self.now(), note=refusal.note if refusal else "")
        status = refusal.status if refusal else page.status
        return self.render.page(
            page.template, status=status, form_token=self.guard.form_token(browser, token), **page.context
        )

    def refuse(self, request: Request, status: int) -> Response:
        """A form that is not ours, or no form."""
        logger.warning("A form was not taken: status=%s source=%s", status, clean(self.guard.source(request), 64))
        return self.render.page("foreign.html", status=status)

    def too_many(self, request: Request, error: LimitReachedError) -> Response:
        """429 (RFC 6585), with when it is possible again."""
        logger.warning("Too many wrong answers: source=%s", clean(self.guard.source(request), 64))
        minutes = max(1, math.ceil(error.after / 60))
        response = self.render.page("too_many.html", status=429, minutes=minutes)
        response.headers["Retry-After"] = str(minutes * 60)
        return response

    def over(self) -> Response:
        """One page for every link that opens nothing, whatever the reason."""
        return self.render.page("over.html", status=410)


def _token(request: Request) -> str:
    token: str = request.path_params["token"]
    return token


def back(token: str) -> Response:
    """Post/redirect/get: loading the page again answers nothing twice."""
    return RedirectResponse(f"/v/{quote(token, safe='')}", status_code=303)
