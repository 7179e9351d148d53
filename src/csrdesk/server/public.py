"""The pages of a flow that customers begin by themselves: one address begins it, `{address}/{token}` goes on in that
browser. What the flow is, `PublicKind` says.

GET shows and changes nothing; a POST answers what the page asks, and leads back to it.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from csrdesk.errors import IllegalEventError, LimitReachedError, LinkOverError, StaleFlowError
from csrdesk.flows.doors import PublicSession, PublicView
from csrdesk.flows.kernel import Answer, Outcome, Prompt
from csrdesk.flows.public_prompts import PublicPrompt
from csrdesk.model.recovery import End
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean
from csrdesk.server.forms import Form, Refusal, answer_to, read_form
from csrdesk.server.pages import WORKING_SECONDS, countdown
from csrdesk.server.render import Render
from csrdesk.server.security import Guard, new_browser, withheld
from csrdesk.server.visitors import visitor_of

logger = logging.getLogger(__name__)

_STATUS: Final = {End.LIMITED: 429, End.FAILED: 503, End.OVER: 410}
_BEGIN: Final = "begin"
"""What the form token of the first page is made for, where the others have their page's token."""
AGAIN: Final = "again"
"""Below the address of a flow: where a mail leads back to a page that was left."""


class Ended(Protocol):
    """What the outcome of such a flow says of its last page."""

    @property
    def end(self) -> End: ...

    @property
    def minutes(self) -> int:
        """After a limit: when it is possible again."""
        ...


def _nothing_more(_prompt: Prompt, _shown: Secret | None) -> dict[str, object]:
    return {}


def _takes_all(_prompt: Prompt, _answer: Answer) -> Refusal | None:
    return None


@dataclass(frozen=True)
class PublicKind:
    """One flow as pages."""

    flow: str
    path: str
    first: PublicPrompt
    """What the first page asks."""
    templates: Mapping[type[Prompt], str]
    ended: Callable[[Outcome | None], Ended | None]
    """The flow's own outcome, and nothing else's."""
    pages: str
    """How the templates of its ends begin: `recover` for `recover_end.html`."""
    context: Callable[[Prompt, Secret | None], dict[str, object]] = _nothing_more
    """What a prompt's template needs beside it."""
    refuse: Callable[[Prompt, Answer], Refusal | None] = _takes_all
    """What of an answer is refused in the page."""
    reads_languages: bool = False
    """Whether the answer to the first question carries what the browser asks for."""


@dataclass(frozen=True)
class PublicPages:
    """What is behind the address of one such flow."""

    kind: PublicKind
    public: PublicSession
    render: Render
    guard: Guard
    now: Callable[[], datetime]
    nothing: Callable[[Request], Response]

    def routes(self) -> list[Route]:
        """Where the pages are."""
        path = self.kind.path
        return [
            Route(path, self.first, methods=["GET"]),
            Route(path, self.begin, methods=["POST"]),
            Route(f"{path}/{{token}}", self.show, methods=["GET"]),
            Route(f"{path}/{{token}}", self.take, methods=["POST"]),
        ]

    def again(self) -> list[Route]:
        """Where a mail leads back to a page that was left."""
        path = f"{self.kind.path}/{AGAIN}/{{token}}"
        return [Route(path, self.offer, methods=["GET"]), Route(path, self.resume, methods=["POST"])]

    async def first(self, request: Request) -> Response:
        """GET: the first question. Nothing is begun by looking."""
        if not self.public.offers(self.kind.flow):
            return self.nothing(request)
        return self._served(request, lambda name: self._asking(self.kind.first, name, _BEGIN))

    async def begin(self, request: Request) -> Response:
        """POST: the address; the page that goes on is where this leads to, whoever has it."""
        if not self.public.offers(self.kind.flow):
            return self.nothing(request)
        browser = self.guard.browser_of(request)
        form = await self._form(request, browser, _BEGIN)
        if isinstance(form, Response):
            return form
        visitor, prompt = visitor_of(request, form), self.kind.first
        form.pop("rev", "")
        answer = self._answer(request, prompt, form)
        if isinstance(answer, Refusal):
            return self._asking(prompt, browser, _BEGIN, answer)
        source = self.guard.source(request)
        try:
            token = await self.public.begin(self.kind.flow, browser, answer, source=source, visitor=visitor)
        except LimitReachedError as error:
            return self._too_many(request, error)
        return self._to(token.reveal())

    async def offer(self, request: Request) -> Response:
        """GET, from the mail: whether to go on here. Whoever only looks, a scanner say, takes nothing away."""
        if not self.public.offers(self.kind.flow):
            return self.nothing(request)
        token = _token(request)
        return self._served(
            request,
            lambda name: self.render.page(f"{self.kind.pages}_again.html", form_token=self._form_token(name, token)),
        )

    async def resume(self, request: Request) -> Response:
        """POST: on with the page in this browser, and in no other from now on."""
        token, browser = _token(request), self.guard.browser_of(request)
        form = await self._form(request, browser, token)
        if isinstance(form, Response):
            return form
        try:
            page = await self.public.resume(self.kind.flow, token, browser, source=self.guard.source(request))
        except LinkOverError:
            return self._over()
        except LimitReachedError as error:
            return self._too_many(request, error)
        return self._to(page.reveal())

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
                return self._to(token)  # it went on since this form was served
            answer = self._answer(request, prompt, form)
            if isinstance(answer, Refusal):
                return self._asking(prompt, browser, token, answer, seen=seen, typed=form)
            source = self.guard.source(request)
            await self.public.answer(token, browser, answer, prompt.asked, source=source, visitor=visitor)
        except LinkOverError:
            return self._over()
        except LimitReachedError as error:
            return self._too_many(request, error)
        except (StaleFlowError, IllegalEventError):
            pass  # somebody was faster: the page shows where it stands
        return self._to(token)

    def _answer(self, request: Request, prompt: PublicPrompt, form: Form) -> Answer | Refusal:
        if self.kind.reads_languages and type(prompt) is type(self.kind.first) and "email" in form:
            form = {**form, "languages": clean(request.headers.get("accept-language", ""))}
        answer = answer_to(prompt, form)
        if isinstance(answer, Refusal):
            return answer
        return self.kind.refuse(prompt, answer) or answer

    def _served(self, request: Request, page: Callable[[str], Response]) -> Response:
        """A page for a browser that need not have been here before."""
        browser = self.guard.browser_of(request)
        if not browser and withheld(request.headers) and "o" not in request.query_params:
            # From somebody else's page the browser keeps its cookie back; given another one now, it would lose a page.
            return self.render.page("opening.html", refresh="0; url=?o=1")
        name = browser or new_browser()
        response = page(name)
        if not browser:
            self.guard.keep_browser(response, name)
        return response

    def _page(self, seen: PublicView, token: str, browser: str) -> Response:
        view = seen.view
        if isinstance(view.prompt, PublicPrompt):
            return self._asking(view.prompt, browser, token, seen=seen)
        ended = self.kind.ended(view.outcome)
        if ended:
            return self._end(ended)
        # Nothing here may tell how many steps the flow has made: it makes more where a code is sent.
        return self.render.page("working.html", working=view.working, refresh=WORKING_SECONDS, at="working")

    def _asking(
        self,
        prompt: PublicPrompt,
        browser: str,
        token: str,
        refusal: Refusal | None = None,
        *,
        seen: PublicView | None = None,
        typed: Form | None = None,
    ) -> Response:
        return self.render.page(
            self.kind.templates[type(prompt)],
            status=refusal.status if refusal else 200,
            prompt=prompt,
            note=refusal.note if refusal else prompt.note,
            problem=refusal is not None,
            rev=prompt.asked,
            clock=countdown(seen.until, self.now(), more_time=False) if seen else None,
            form_token=self._form_token(browser, token),
            typed=typed or {},
            **self.kind.context(prompt, seen.view.shown if seen else None),
        )

    def _end(self, outcome: Ended) -> Response:
        status = _STATUS.get(outcome.end, 200)
        recovers = self.public.offers("account_recovery")
        response = self.render.page(f"{self.kind.pages}_end.html", status=status, outcome=outcome, recovers=recovers)
        if outcome.end is End.LIMITED:
            response.headers["Retry-After"] = str(outcome.minutes * 60)
        return response

    def _over(self) -> Response:
        """One page for every token that opens nothing here, whatever the reason."""
        return self.render.page(f"{self.kind.pages}_over.html", status=410)

    async def _form(self, request: Request, browser: str, token: str) -> Form | Response:
        form = await read_form(request)
        if isinstance(form, Refusal):
            return self._refuse(request, form.status)
        ours = self.guard.is_form_of(form.pop("form", ""), browser, self._form_of(token))
        return form if ours and self.guard.came_from_us(request.headers) else self._refuse(request, 403)

    def _form_token(self, browser: str, token: str) -> str:
        return self.guard.form_token(browser, self._form_of(token))

    def _form_of(self, token: str) -> str:
        return f"{self.kind.flow} {token}"

    def _refuse(self, request: Request, status: int) -> Response:
        logger.warning("A form was not taken: status=%s source=%s", status, clean(self.guard.source(request), 64))
        return self.render.page("foreign.html", status=status)

    def _too_many(self, request: Request, error: LimitReachedError) -> Response:
        """429 (RFC 6585), with when it is possible again."""
        logger.warning("Too many requests: source=%s", clean(self.guard.source(request), 64))
        minutes = max(1, math.ceil(error.after / 60))
        response = self.render.page(f"{self.kind.pages}_limited.html", status=429, minutes=minutes)
        response.headers["Retry-After"] = str(minutes * 60)
        return response

    def _to(self, token: str) -> Response:
        """303 (RFC 9110): the answer to a form is a page that can be loaded again."""
        return RedirectResponse(f"{self.kind.path}/{quote(token, safe='')}", status_code=303)


def _token(request: Request) -> str:
    return str(request.path_params["token"])
