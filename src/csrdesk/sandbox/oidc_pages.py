"""The identity provider's two pages: sign on (a choice among the invented agents), and the code that a device shows."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import jinja2
from starlette.responses import RedirectResponse, Response

from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.oauth_provider import NO_STORE, Provider, issuer
from csrdesk.sandbox.oidc_apps import SCOPES
from csrdesk.sandbox.staff import STAFF, Staff, somebody

_HEADERS = {
    **NO_STORE,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # A sign-on ends on a page of the client, on this machine; browsers ask that of `form-action`, too.
    "content-security-policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; "
    "form-action 'self' http://127.0.0.1:* http://[::1]:* http://localhost:*",
}


def authorize(call: Call, provider: Provider) -> Response:
    """GET authorize: who may sign on."""
    return _refusal(call, provider) or _page("sign_on.html", problem="", staff=STAFF)


def sign_on(call: Call, provider: Provider) -> Response:
    """POST authorize, at the very address of the page: `agent` signs on; without a name, nobody does."""
    if refusal := _refusal(call, provider):
        return refusal
    asked, form = call.query, _form(call)
    if form.get("agent") == "":
        return _back(call, {"error": "access_denied"})
    who = _chosen(provider, form)
    if who is None:
        return _page("sign_on.html", 403, problem="Nobody signs on under that name.", staff=STAFF)
    made = provider.sign_ons.begin(who, asked["client_id"], asked["scope"], asked.get("nonce", ""))
    uri, challenge = asked["redirect_uri"], asked["code_challenge"]
    return _back(call, {"code": provider.sign_ons.code_for(made, redirect_uri=uri, challenge=challenge)})


def device(call: Call, provider: Provider) -> Response:  # noqa: ARG001 - called like the others
    """GET device/go: the code that the device shows, and who signs on."""
    return _page("device.html", user_code=call.query.get("user_code", ""), problem="", done="", staff=STAFF)


def sign_device_on(call: Call, provider: Provider) -> Response:
    """POST device/go."""
    form = _form(call)
    typed = form.get("user_code", "")
    waiting, who = provider.sign_ons.device_of(typed), _chosen(provider, form)
    if waiting is None:
        words = "No device shows that code."
        return _page("device.html", 400, user_code=typed, problem=words, done="", staff=STAFF)
    if form.get("agent") == "":
        waiting.denied = True
        return _page("device.html", user_code="", problem="", done="Nobody was signed on.", staff=())
    if who is None:
        words = "Nobody signs on under that name."
        return _page("device.html", 403, user_code=typed, problem=words, done="", staff=STAFF)
    waiting.sign_on = provider.sign_ons.begin(who, waiting.client_id, waiting.scope)
    return _page(
        "device.html", user_code="", problem="", done=f"{who.name} is signed on. Look at the device.", staff=()
    )


def _refusal(call: Call, provider: Provider) -> Response | None:
    """Why nobody can sign on: told here where the client is not known, otherwise to the client."""
    app = provider.apps.known(call.query.get("client_id", ""))
    if app is None or not app.takes(call.query.get("redirect_uri", "")):
        return _page(
            "sign_on.html", 400, problem="The client is unknown, or the redirect URI is not its own.", staff=()
        )
    problem = _wrong(call.query)
    return _back(call, {"error": problem}) if problem else None


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))


def _wrong(asked: Mapping[str, str]) -> str:
    """The OAuth error of a request that a redirect URI is known of; empty where all is well."""
    if asked.get("response_type") != "code":
        return "unsupported_response_type"
    if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
        return "invalid_request"
    scopes = asked.get("scope", "").split()
    if not scopes or not set(scopes) <= set(SCOPES):
        return "invalid_scope"
    return "login_required" if asked.get("prompt") == "none" else ""


def _chosen(provider: Provider, form: Mapping[str, str]) -> Staff | None:
    who = somebody(form.get("agent", ""))
    return who if who is not None and who.username not in provider.sign_ons.removed else None


def _back(call: Call, answer: Mapping[str, str]) -> Response:
    """To the client, with its `state` and our issuer (RFC 9207)."""
    state = {"state": call.query["state"]} if "state" in call.query else {}
    told = {**answer, **state, "iss": issuer(call.base)}
    return RedirectResponse(f"{call.query['redirect_uri']}?{urlencode(told)}", 302, NO_STORE)


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("csrdesk.sandbox"), autoescape=True, undefined=jinja2.StrictUndefined
    )


def _page(template: str, status: int = 200, **known: object) -> Response:
    html = _templates().get_template(template).render(**known)
    return Response(html, status, _HEADERS, "text/html; charset=utf-8")
