"""The web application: which handler answers which path, and the layers in front of them.

PingOne's API, its sign-on host, the directory, the mailbox and the controls share one port.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk.sandbox import (
    accounts,
    activities,
    agreements,
    authentications,
    bypass,
    consents,
    creations,
    device_acts,
    device_verbs,
    devices,
    directory,
    fido2_policies,
    gateways,
    ids,
    mailbox,
    oauth,
    oidc_answers,
    oidc_pages,
    password_changes,
    password_policies,
    password_state,
    passwords,
    policies,
    populations,
    pushes,
    risk,
    roles,
    sessions,
    users,
)
from csrdesk.sandbox.answers import Refusal, by_status, not_found
from csrdesk.sandbox.calls import Call, Handler, read
from csrdesk.sandbox.clock import Clock
from csrdesk.sandbox.control import Controls
from csrdesk.sandbox.faults import FaultLayer, Faults
from csrdesk.sandbox.model import World
from csrdesk.sandbox.oauth_provider import Provider
from csrdesk.sandbox.recorder import RecorderLayer, Recording

_API: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/users", users.list_users),
    ("POST", "/users", creations.create_user),
    ("GET", "/users/{user}", users.read_user),
    ("POST", "/users/{user}", accounts.act_on_user),
    ("GET", "/users/{user}/enabled", accounts.read_enabled),
    ("PUT", "/users/{user}/enabled", accounts.update_enabled),
    ("GET", "/users/{user}/mfaEnabled", accounts.read_mfa_enabled),
    ("PUT", "/users/{user}/mfaEnabled", accounts.update_mfa_enabled),
    ("GET", "/users/{user}/bypassMFA", bypass.read_bypass),
    ("PUT", "/users/{user}/bypassMFA", bypass.update_bypass),
    ("GET", "/users/{user}/population", accounts.read_user_population),
    ("GET", "/users/{user}/password", password_state.read_password),
    ("POST", "/users/{user}/password", passwords.act_on_password),
    ("PUT", "/users/{user}/password", password_changes.change_password),
    ("GET", "/users/{user}/devices", devices.list_devices),
    ("POST", "/users/{user}/devices", device_verbs.act_on_devices),
    ("GET", "/users/{user}/devices/{device}", devices.read_device),
    ("POST", "/users/{user}/devices/{device}", device_verbs.act_on_device),
    ("DELETE", "/users/{user}/devices/{device}", device_acts.delete_device),
    ("PUT", "/users/{user}/devices/{device}/nickname", device_acts.update_nickname),
    ("GET", "/users/{user}/sessions", sessions.list_sessions),
    ("GET", "/users/{user}/sessions/{session}", sessions.read_session),
    ("DELETE", "/users/{user}/sessions/{session}", sessions.delete_session),
    ("GET", "/users/{user}/roleAssignments", roles.list_role_assignments),
    ("GET", "/applications/{application}/roleAssignments", roles.list_application_roles),
    ("GET", "/users/{user}/agreementConsents", consents.list_consents),
    ("GET", "/users/{user}/agreementConsents/{agreement}", consents.read_consent),
    ("POST", "/users/{user}/agreementConsents/{agreement}", consents.act_on_consent),
    ("GET", "/agreements", agreements.list_agreements),
    ("GET", "/agreements/{agreement}", agreements.read_agreement),
    ("GET", "/agreements/{agreement}/languages", agreements.list_languages),
    ("GET", "/agreements/{agreement}/languages/{language}", agreements.read_language),
    ("GET", "/agreements/{agreement}/languages/{language}/revisions", agreements.list_revisions),
    ("GET", "/agreements/{agreement}/languages/{language}/revisions/{revision}", agreements.read_revision),
    ("GET", "/languages", agreements.list_environment_languages),
    ("GET", "/populations", populations.list_populations),
    ("GET", "/populations/{population}", populations.read_population),
    ("GET", "/passwordPolicies", password_policies.list_policies),
    ("GET", "/passwordPolicies/{policy}", password_policies.read_policy),
    ("GET", "/gateways", gateways.list_gateways),
    ("GET", "/gateways/{gateway}", gateways.read_gateway),
    ("GET", "/deviceAuthenticationPolicies", policies.list_mfa_policies),
    ("GET", "/deviceAuthenticationPolicies/{policy}", policies.read_mfa_policy),
    ("GET", "/fido2Policies", fido2_policies.list_fido2_policies),
    ("GET", "/fido2Policies/{policy}", fido2_policies.read_fido2_policy),
    ("GET", "/mfaSettings", policies.read_mfa_settings),
    ("POST", "/riskEvaluations", risk.create_evaluation),
    ("GET", "/riskEvaluations/{evaluation}", risk.read_evaluation),
    ("PUT", "/riskEvaluations/{evaluation}/event", risk.update_event),
    ("GET", "/riskPolicySets", risk.list_policy_sets),
    ("GET", "/riskPolicySets/{set}", risk.read_policy_set),
    ("GET", "/activities", activities.list_activities),
    ("POST", "/activities", activities.search_activities),
    ("GET", "/activities/{activity}", activities.read_activity),
)
_AUTHENTICATIONS: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/deviceAuthentications", authentications.create_authentication),
    ("GET", "/deviceAuthentications/{authentication}", authentications.read_authentication),
    ("POST", "/deviceAuthentications/{authentication}", authentications.act_on_authentication),
)
_OAUTH: tuple[tuple[str, str, Callable[[Call, Provider], Response]], ...] = (
    ("GET", "/as/authorize", oidc_pages.authorize),
    ("POST", "/as/authorize", oidc_pages.sign_on),
    ("GET", "/device/go", oidc_pages.device),
    ("POST", "/device/go", oidc_pages.sign_device_on),
    ("POST", "/as/device_authorization", oidc_answers.authorize_device),
    ("POST", "/as/introspect", oidc_answers.introspect),
    ("POST", "/as/revoke", oidc_answers.revoke),
    ("GET", "/as/userinfo", oidc_answers.userinfo),
    ("POST", "/as/token", oauth.token),
    ("GET", "/as/jwks", oauth.jwks),
    ("GET", "/as/.well-known/openid-configuration", oauth.metadata),
)
_MAILBOX: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/mailbox", mailbox.as_page),
    ("GET", "/mailbox.json", mailbox.as_json),
    ("GET", "/mailbox/style.css", mailbox.style),
    ("POST", "/mailbox/push", pushes.answer_on_phone),
)
_DIRECTORY = (
    ("POST", "/directory/search", directory.search),
    ("POST", "/directory/modify", directory.change),
)


class CorrelationLayer:
    """ASGI: every answer carries `Correlation-Id`, also those that a fault or a wrong path made."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_ = ids.fresh()
        scope["csrdesk.correlation"] = id_

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"correlation-id", id_.encode()),
                    (b"x-amzn-requestid", id_.encode()),
                ]
            await send(message)

        await self._app(scope, receive, with_id)


class GoneLayer:
    """ASGI: a client that did not wait for its answer, as with `--latency` above its time-out, is no error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(ClientDisconnect):
            await self._app(scope, receive, send)


async def _refused(_request: Request, error: Exception) -> Response:
    if isinstance(error, Refusal):
        return error.response()
    status = error.status_code if isinstance(error, HTTPException) else 500
    return by_status(status).response()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the application serves and obeys."""

    host: str
    world: Callable[[], World]
    clock: Clock
    faults: Faults
    provider: Provider
    directory_password: str
    controls: Controls
    recording: Recording | None
    cut: Callable[[Scope], None]

    def _plain(self, method: str, path: str, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            return handler(await read(request, self.world(), self.clock))

        return Route(path, endpoint, methods=[method])

    def _guarded(self, method: str, path: str, handler: Handler) -> Route:
        """Behind a token, and for this environment alone."""
        tokens = oauth.Tokens(self.provider.signing)

        def checked(call: Call) -> Response:
            tokens.check(call)
            if call.path["environment"].lower() != ids.ENVIRONMENT:
                raise not_found()
            return handler(call)

        return self._plain(method, path, checked)

    def _roles(self) -> Route:
        """Behind a token, and of no environment."""
        tokens = oauth.Tokens(self.provider.signing)

        def checked(call: Call) -> Response:
            tokens.check(call)
            return roles.list_roles(call)

        return self._plain("GET", "/v1/roles", checked)

    def _oauth_route(self, method: str, path: str, handler: Callable[[Call, Provider], Response]) -> Route:
        def checked(call: Call) -> Response:
            if call.path["environment"].lower() != ids.ENVIRONMENT:
                return JSONResponse({"error": "not_found", "error_description": "No such environment"}, 404)
            return handler(call, self.provider)

        return self._plain(method, path, checked)

    def _directory_route(self, method: str, path: str, handler: Callable[[Call, str], Response]) -> Route:
        return self._plain(method, path, lambda call: handler(call, self.directory_password))

    def _control_routes(self) -> list[Route]:
        controls = self.controls
        return [
            Route("/control/clock", controls.clock, methods=["GET", "POST"]),
            Route("/control/faults", controls.faults, methods=["GET", "POST", "DELETE"]),
            Route("/control/faults/{id}", controls.fault, methods=["DELETE"]),
            Route("/control/people", controls.people, methods=["GET"]),
            Route("/control/users/{username:path}", controls.user, methods=["GET", "PATCH"]),
            Route("/control/keys/roll", controls.roll, methods=["POST"]),
            Route("/control/agents", controls.agents, methods=["GET"]),
            Route("/control/agents/{username}", controls.agent, methods=["PATCH"]),
            Route("/control/reset", controls.reset, methods=["POST"]),
        ]

    def application(self) -> ASGIApp:
        """The whole of it, the recorder outermost."""
        api, auth = "/v1/environments/{environment}", "/{environment}"
        routes = [
            *(self._plain(*route) for route in _MAILBOX),
            *(self._directory_route(*route) for route in _DIRECTORY),
            *self._control_routes(),
            self._roles(),
            *(self._guarded(method, api + path, handler) for method, path, handler in _API),
            *(self._oauth_route(method, auth + path, handler) for method, path, handler in _OAUTH),
            *(self._guarded(method, auth + path, handler) for method, path, handler in _AUTHENTICATIONS),
        ]
        app: ASGIApp = Starlette(routes=routes, exception_handlers={Refusal: _refused, HTTPException: _refused})
        app = FaultLayer(app, self.faults, self.cut)
        app = CorrelationLayer(app)
        if self.recording is not None:
            app = RecorderLayer(app, self.recording)
        hosts = [self.host, "localhost", "127.0.0.1"]
        return GoneLayer(TrustedHostMiddleware(app, allowed_hosts=hosts, www_redirect=False))
