"""Where somebody is signed on: list, read, end. PingOne API, "User sessions": a listing holds at most ten."""

from __future__ import annotations

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, gone, hal, link, not_found, page
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.clock import stamp
from csrdesk.sandbox.model import SignOnSession, User
from csrdesk.sandbox.users import found_user

_LISTED = 10


def _resource(call: Call, user: User, session: SignOnSession) -> Json:
    return {
        "_links": {"self": link(f"{call.api}/users/{user.id}/sessions/{session.id}")},
        "id": session.id,
        "environment": {"id": ids.ENVIRONMENT},
        "activeAt": stamp(session.active_at),
        "createdAt": stamp(session.created_at),
        "browser": {"name": session.browser, "version": "130.0"},
        "device": {"type": "DESKTOP"},
        "operatingSystem": {"name": "Linux"},
        "lastSignOn": {"at": stamp(session.created_at), "remoteIp": session.remote_ip},
        "locations": [],
    }


def _found(call: Call, user: User) -> SignOnSession:
    wanted = call.path["session"].lower()
    for session in user.sessions:
        if session.id == wanted:
            return session
    raise not_found()


def list_sessions(call: Call) -> Response:
    """GET sessions: the first ten."""
    user = found_user(call)
    items = [_resource(call, user, session) for session in user.sessions[:_LISTED]]
    return hal(page("sessions", items, call.href))


def read_session(call: Call) -> Response:
    """GET session."""
    user = found_user(call)
    return hal(_resource(call, user, _found(call, user)))


def delete_session(call: Call) -> Response:
    """DELETE session."""
    user = found_user(call)
    user.sessions.remove(_found(call, user))
    call.note("SESSION.DELETED", "Session Deleted", user)
    return gone()
