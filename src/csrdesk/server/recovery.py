"""The pages on which a customer recovers their account: `/recover` begins, `/recover/{token}` goes on in that browser.

GET shows and changes nothing; a POST answers what the page asks, and leads back to it.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from csrdesk.errors import IllegalEventError, LimitReachedError, LinkOverError, StaleFlowError
from csrdesk.flows.doors import PublicSession, PublicView
from csrdesk.flows.kernel import Prompt
from csrdesk.flows.public_prompts import ForgotPasswordPrompt, PublicPrompt, RecoveryCodePrompt, ResendCodePrompt
from csrdesk.flows.recovery_inputs import Outputs
from csrdesk.model.recovery import End
from csrdesk.model.text import clean
from csrdesk.server.forms import Form, Refusal, answer_to, read_form
from csrdesk.server.pages import WORKING_SECONDS, Page, countdown
from csrdesk.server.render import Render
from csrdesk.server.security import Guard, new_browser, withheld
from csrdesk.server.visitors import visitor_of

logger = logging.getLogger(__name__)

FLOW: Final = "account_recovery"
PATH: Final = "/recover"
_TEMPLATES: Final[dict[type[Prompt], str]] = {
    ForgotPasswordPrompt: "recover_address.html",
    RecoveryCodePrompt: "recover_code.html",
    ResendCodePrompt: "recover_resend.html",
}
_STATUS: Final = {End.LIMITED: 429, End.FAILED: 503, End.OVER: 410}
_BEGIN: Final = "begin"
"""What the form token of the first page is made for, where the others have their page's token."""


@dataclass(frozen=True)
class RecoveryPages:
    """What is behind `/recover`."""

    public: PublicSession
    render: Render
    guard: Guard
    now: Callable[[], datetime]
    nothing: Callable[[Request], Response]

    async def first(self, request: Request) -> Response:
        """GET: the question for the address. Nothing is begun by looking."""
        if not self.public.offers(FLOW):
            return self.nothing(request)
        browser = self.guard.browser_of(request)
        if not browser and withheld(request.headers) and "o" not in request.query_params:
            # From somebody else's page the browser keeps its cookie back; given another one now, it would lose a page.
            return self.render.page("opening.html", refresh="0; url=?o=1")
        name = browser or new_browser()
        response = self._asking(ForgotPasswordPrompt(), name, _BEGIN)
        if not browser:
            self.guard.keep_browser(response, name)
        return response

    async def begin(self, request: Request) -> Response:
        """POST: the address; the page that goes on is where this leads to, whoever has it."""
        if not self.public.offers(FLOW):
            return self.nothing(request)
        browser = self.guard.browser_of(request)
        form = await self._form(request, browser, _BEGIN)
        if isinstance(form, Response):
            return form
        visitor, prompt = visitor_of(request, form), ForgotPasswordPrompt()
        form.pop("rev", "")
        answer = answer_to(prompt, form)
        if isinstance(answer, Refusal):
            return self._asking(prompt, browser, _BEGIN, answer)
        source = self.guard.source(request)
        try:
            token = await self.public.begin(FLOW, browser, answer, source=source, visitor=visitor)
        except LimitReachedError as error:
            return self._too_many(request, error)
        return _to(token.reveal())

    async def show(self, request: Request) -> Response:
        """GET: what the page asks now, or how it ended."""
        token, browser = _token(request), self.guard.browser_of(request)
        try:
            return self._page(await self.public.open(token, browser), token, browser)
        except LinkOverError:
            return self._over()

    async def take(self, request: Request) -> Response:
        """POST: an answer, from the browser that began the page; then back to it."""
        token, browser = _token(request), self.guard.browser_of(request)
        form = await self._form(request, browser, token)
        if isinstance(form, Response):
            return form
        visitor = visitor_of(request, form)
        try:
            seen = await self.public.open(token, browser)
            prompt = seen.view.prompt
            if not isinstance(prompt, PublicPrompt) or form.pop("rev", str(prompt.asked)) != str(prompt.asked):
                return _to(token)  # it went on since this form was served
            answer = answer_to(prompt, form)
            if isinstance(answer, Refusal):
                return self._asking(prompt, browser, token, answer, until=seen.until)
            source = self.guard.source(request)
            await self.public.answer(token, browser, answer, prompt.asked, source=source, visitor=visitor)
        except LinkOverError:
            return self._over()
        except LimitReachedError as error:
            return self._too_many(request, error)
        except (StaleFlowError, IllegalEventError):
            pass  # somebody was faster: the page shows where it stands
        return _to(token)

    def _page(self, seen: PublicView, token: str, browser: str) -> Response:
        view = seen.view
        if isinstance(view.prompt, PublicPrompt):
            return self._asking(view.prompt, browser, token, until=seen.until)
        if isinstance(view.outcome, Outputs):
            return self._end(view.outcome)
        # Nothing here may tell how many steps the flow has made: it makes more where a code is sent.
        return self.render.page("working.html", working=view.working, refresh=WORKING_SECONDS, at="working")

    def _asking(
        self,
        prompt: PublicPrompt,
        browser: str,
        token: str,
        refusal: Refusal | None = None,
        *,
        until: datetime | None = None,
    ) -> Response:
        page = Page(_TEMPLATES[type(prompt)], {}, refusal.status if refusal else 200)
        return self.render.page(
            page.template,
            status=page.status,
            prompt=prompt,
            note=refusal.note if refusal else prompt.note,
            problem=refusal is not None,
            rev=prompt.asked,
            clock=countdown(until, self.now(), more_time=False) if until and token != _BEGIN else None,
            form_token=self.guard.form_token(browser, f"recover {token}"),
        )

    def _end(self, outcome: Outputs) -> Response:
        status = _STATUS.get(outcome.end, 200)
        response = self.render.page("recover_end.html", status=status, outcome=outcome)
        if outcome.end is End.LIMITED:
            response.headers["Retry-After"] = str(outcome.minutes * 60)
        return response

    def _over(self) -> Response:
        """One page for every token that opens nothing here, whatever the reason."""
        return self.render.page("recover_over.html", status=410)

    async def _form(self, request: Request, browser: str, token: str) -> Form | Response:
        form = await read_form(request)
        if isinstance(form, Refusal):
            return self._refuse(request, form.status)
        ours = self.guard.is_form_of(form.pop("form", ""), browser, f"recover {token}")
        return form if ours and self.guard.came_from_us(request.headers) else self._refuse(request, 403)

    def _refuse(self, request: Request, status: int) -> Response:
        logger.warning("A form was not taken: status=%s source=%s", status, clean(self.guard.source(request), 64))
        return self.render.page("foreign.html", status=status)

    def _too_many(self, request: Request, error: LimitReachedError) -> Response:
        """429 (RFC 6585), with when it is possible again."""
        logger.warning("Too many requests: source=%s", clean(self.guard.source(request), 64))
        minutes = max(1, math.ceil(error.after / 60))
        response = self.render.page("recover_limited.html", status=429, minutes=minutes)
        response.headers["Retry-After"] = str(minutes * 60)
        return response


def _token(request: Request) -> str:
    return str(request.path_params["token"])


def _to(token: str) -> Response:
    """303 (RFC 9110): the answer to a form is a page that can be loaded again."""
    return RedirectResponse(f"{PATH}/{quote(token, safe='')}", status_code=303)
