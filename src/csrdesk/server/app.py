"""The ASGI application of the customers' pages: which address leads where, and what every request passes through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from csrdesk.flows.doors import CustomerSession, PublicSession
from csrdesk.server.address import PATHS, AddressPage
from csrdesk.server.failures import Failures, status_of
from csrdesk.server.link import LinkPage
from csrdesk.server.look import Look
from csrdesk.server.public import PublicPages
from csrdesk.server.recovery import RECOVERY
from csrdesk.server.registration import REGISTRATION
from csrdesk.server.render import Render
from csrdesk.server.security import SecureHeaders, make_guard


def _utc_now() -> datetime:
    return datetime.now(UTC)


def make_app(
    customers: CustomerSession,
    look: Look,
    *,
    key: bytes,
    public_url: str,
    trusted_proxies: tuple[str, ...] = (),
    spoken_address: bool = True,
    now: Callable[[], datetime] = _utc_now,
    public: PublicSession | None = None,
) -> Starlette:
    """The pages at the origin `public_url`; `key` makes the form tokens, `now` says what is left of a page's clock.

    Without `spoken_address` there is nothing at that address.
    Raises `ConfigError` for a public URL that is no https origin outside this machine, or a proxy that is no address.
    """
    guard = make_guard(key, public_url, trusted_proxies)
    render = Render(look)
    link = LinkPage(customers, render, guard, now)
    address = AddressPage(customers, render, guard, link)

    def nothing_here(_request: Request, _error: Exception | None = None) -> Response:
        return render.page("nothing.html", status=404)

    async def static(request: Request) -> Response:
        return render.file(request.path_params["hash"], request.path_params["name"]) or nothing_here(request)

    async def logo(request: Request) -> Response:
        return render.picture(request.path_params["hash"]) or nothing_here(request)

    def failed(error: Exception, reference: str) -> Response:
        return render.page("failed.html", status=status_of(error), reference=reference)

    by_themselves: list[Route] = []
    if public:
        recovering = PublicPages(RECOVERY, public, render, guard, now, nothing_here)
        registering = PublicPages(REGISTRATION, public, render, guard, now, nothing_here)
        by_themselves = [*recovering.routes(), *registering.routes(), *registering.again()]
    app = Starlette(
        routes=[
            *by_themselves,
            Route("/v/{token}", link.show, methods=["GET"]),
            Route("/v/{token}", link.take, methods=["POST"]),
            *(_at_address(address) if spoken_address else ()),
            Route("/static/{hash}/{name}", static),
            Route("/logo/{hash}", logo),
            Route("/healthz", _healthz),
        ],
        middleware=[
            Middleware(SecureHeaders, https=guard.https, signals_origin=look.signals.origin if look.signals else ""),
            Middleware(Failures, answer=failed),
        ],
        exception_handlers={HTTPException: nothing_here},
    )
    app.state.load = render.load
    # It would send a browser to whatever the Host header says.
    app.router.redirect_slashes = False
    return app


async def _healthz(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _at_address(address: AddressPage) -> list[Route]:
    shown = [Route(path, address.show, methods=["GET"]) for path in PATHS]
    return [*shown, *(Route(path, address.take, methods=["POST"]) for path in PATHS)]


def load_pages(app: Starlette) -> None:
    """Compile the templates of `app`: in a thread, while nobody has asked for a page yet."""
    app.state.load()
