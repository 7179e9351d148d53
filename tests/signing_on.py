"""Signing on at the sandbox's identity provider as a browser and an application would, request by request."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qsl, urlsplit

import httpx

from csrdesk.sandbox.options import SignIn
from csrdesk.sandbox.staff import AGENT

REDIRECT = "http://127.0.0.1:49152/callback"
VERIFIER_TEXT = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER_TEXT.encode()).digest()).rstrip(b"=").decode()


def asked(at: SignIn, **other: str) -> dict[str, str]:
    return {
        "client_id": at.client_id,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": " ".join(at.scopes),
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **other,
    }


def told(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def signed_on(http: httpx.AsyncClient, at: SignIn, who: str, **other: str) -> dict[str, str]:
    url = f"{at.issuer}/authorize"
    return told(await http.post(url, params=asked(at, **other), data={"agent": who}))


async def exchanged(http: httpx.AsyncClient, at: SignIn, code: str, **other: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": at.client_id,
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER_TEXT,
        **other,
    }
    return await http.post(f"{at.issuer}/token", data=form)


async def tokens(http: httpx.AsyncClient, at: SignIn, who: str = AGENT) -> dict[str, str]:
    answer = await exchanged(http, at, (await signed_on(http, at, who))["code"])
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


async def refreshed(http: httpx.AsyncClient, at: SignIn, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "client_id": at.client_id, "refresh_token": token}
    return await http.post(f"{at.issuer}/token", data=form)


async def introspected(http: httpx.AsyncClient, at: SignIn, token: str) -> bool:
    auth = (at.resource_id, at.resource_secret)
    answer = await http.post(f"{at.issuer}/introspect", data={"token": token}, auth=auth)
    return bool(answer.json()["active"])
