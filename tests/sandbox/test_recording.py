"""One conversation over every endpoint, recorded; its file can be held against the API's descriptions as well."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx

from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.sandbox.authenticator import attest, sign
from csrdesk.sandbox.gateway_values import MAIN
from tests.sandbox.conftest import Desk, token

SECRETS = tuple(f"{word}-7-Lanes" for word in ("Winding", "Crooked", "Narrow", "Hidden", "Quiet"))
ID = "00000000-0000-4000-8000-000000000000"


async def read_everything(desk: Desk) -> None:
    """Each GET once with success and once without."""
    for path in (
        "",
        "/enabled",
        "/mfaEnabled",
        "/population",
        "/password",
        "/devices",
        "/sessions",
        "/roleAssignments",
    ):
        await desk.http.get(desk.user_url(people.SEVERAL_DEVICES, path))
        await desk.http.get(desk.api(f"/users/{ID}{path}"))
    user = desk.box.world.user(people.SEVERAL_DEVICES)
    for path, id_ in (("devices", user.devices[0].id), ("sessions", user.sessions[0].id)):
        await desk.http.get(desk.user_url(people.SEVERAL_DEVICES, f"/{path}/{id_}"))
        await desk.http.get(desk.user_url(people.SEVERAL_DEVICES, f"/{path}/{ID}"))
    for path in ("populations", "passwordPolicies", "gateways", "deviceAuthenticationPolicies", "fido2Policies"):
        listed = (await desk.http.get(desk.api(f"/{path}"))).json()["_embedded"][path]
        await desk.http.get(desk.api(f"/{path}/{listed[0]['id']}"))
        await desk.http.get(desk.api(f"/{path}/{ID}"))
    await desk.http.get(desk.api("/mfaSettings"))
    url: str | None = desk.api("/users") + "?limit=150"
    while url:
        url = (await desk.http.get(url)).json()["_links"].get("next", {}).get("href")
    for user_ in desk.box.world.users.values():
        if user_.username in {line.username for line in people.worth_trying()}:
            await desk.http.get(desk.user_url(user_.username), params={"include": "memberOfGroupIDs"})
            await desk.http.get(desk.user_url(user_.username, "/devices"), params={"filter": 'status eq "ACTIVE"'})
            await desk.http.get(desk.user_url(user_.username, "/password"), params={"expand": "passwordPolicy"})


async def refuse_everything(desk: Desk) -> None:
    """What a client should not send."""
    for query in ({"filter": "x"}, {"limit": "0"}, {"cursor": "x"}, {"filter": 'createdAt eq "x"'}):
        await desk.http.get(desk.api("/users"), params=query)
    await desk.http.get(desk.api("/users"), headers={"authorization": "Bearer wrong"})
    await desk.http.put(desk.user_url("ada", "/enabled"), json={"enabled": "no"})
    await desk.verb(desk.user_url("ada"), "account.destroy")
    await desk.verb(desk.user_url("ada", "/password"), "password.unlock")
    await desk.http.post(desk.authentications, json={"user": {"id": ID}})
    await desk.http.get(f"{desk.authentications}/{ID}")
    await desk.http.get(desk.api("/activities"), params={"filter": "x"})
    tokens = f"{desk.at.auth_url}/{desk.at.environment_id}/as/token"
    await desk.http.post(tokens, data={"grant_type": "client_credentials"}, auth=(desk.at.client_id, "wrong"))
    await desk.http.post(tokens, data={"grant_type": "client_credentials", "client_id": "x", "client_secret": "hush"})


async def write_everything(desk: Desk) -> None:
    """Each write, and what the activities say of it."""
    for path, member in (("/enabled", "enabled"), ("/mfaEnabled", "mfaEnabled")):
        for wanted in (False, True):
            await desk.http.put(desk.user_url("ada", path), json={member: wanted})
    later = (desk.box.clock.now() + timedelta(hours=1)).isoformat()
    await desk.verb(desk.user_url("ada"), "account.lock", {"unlockAt": later})
    await desk.http.get(desk.user_url("ada"))
    await desk.verb(desk.user_url("ada"), "account.unlock")
    await desk.verb(desk.user_url(people.ONLY_PINGONE, "/password"), "password.unlock")
    for session in (await desk.http.get(desk.user_url("ada", "/sessions"))).json()["_embedded"]["sessions"]:
        await desk.http.delete(desk.user_url("ada", f"/sessions/{session['id']}"))
    now = desk.box.clock.now()
    range_ = f'recordedAt gt "{(now - timedelta(days=3)).isoformat()}" and recordedAt lt "{later}"'
    listed = (await desk.http.get(desk.api("/activities"), params={"filter": range_})).json()
    await desk.http.post(desk.api("/activities"), json={"filter": range_, "limit": 5})
    await desk.http.get(desk.api(f"/activities/{listed['_embedded']['activities'][0]['id']}"))


async def change_passwords(desk: Desk) -> None:
    """Each verb on passwords, taken and refused, with the password here and in the directory."""
    for username in (people.ONLY_PINGONE, people.EXTERNAL_ALLOWED, people.EXTERNAL_NOT_ALLOWED, people.NO_PASSWORD):
        url = desk.user_url(username, "/password")
        for value in (SECRETS[0], "short", people.person(username).password):
            await desk.verb(url, "password.set", {"value": value, "bypassPolicy": False}, method="PUT")
            await desk.verb(url, "password.check", {"password": value})
        own = {"currentPassword": SECRETS[0], "newPassword": SECRETS[1]}
        first = {"currentPassword": people.person(username).password, "newPassword": SECRETS[1]}
        for body in (own, first, {"newPassword": SECRETS[2]}):
            await desk.verb(url, "password.reset", body, method="PUT")
        for verb in ("password.forceChange", "password.unlock"):
            await desk.verb(url, verb)
            await desk.http.post(url, headers={"content-type": f"application/vnd.pingidentity.{verb}"})
        await desk.verb(url, "password.set", {"value": SECRETS[3], "forceChange": True}, method="PUT")
        await desk.verb(url, "password.setValue", {"value": SECRETS[4], "bypassPolicy": True}, method="PUT")
    locked = desk.user_url(people.PINGONE_PASSWORD_LOCKED, "/password")
    await desk.verb(locked, "password.check", {"password": "x"})
    await desk.verb(locked, "password.unlock")
    for _ in range(6):
        await desk.verb(locked, "password.check", {"password": "x"})
    await desk.verb(locked, "password.setValue", {}, method="PUT")
    offline = desk.user_url(people.EXTERNAL_OFFLINE, "/password")
    await desk.verb(offline, "password.set", {"value": SECRETS[0]}, method="PUT")
    both = desk.user_url(people.BOTH_PASSWORDS, "/password")
    link = {"id": MAIN.id, "type": "LDAP", "userType": {"id": MAIN.user_types[0].id}}
    await desk.verb(both, "password.setGateway", {**link, "correlationAttributes": {"employeeID": "x"}}, method="PUT")
    await desk.verb(both, "password.setGateway", {}, method="PUT")
    await desk.verb(both, "password.set", {"value": SECRETS[0], "external": {"gateway": link}}, method="PUT")
    await desk.verb(both, "password.set", {}, method="PUT")


async def authenticate_everybody(desk: Desk) -> None:
    """Each of the people, right and wrong codes, and a one-time address."""
    for line in people.worth_trying():
        if line.username == people.ONLY_AD:
            continue
        started = (await desk.authenticate(line.username)).json()
        if "id" not in started or "status" not in started:
            continue
        url = f"{desk.authentications}/{started['id']}"
        await desk.http.get(url)
        for offer in started.get("_embedded", {}).get("devices", []):
            await desk.verb(url, "device.select", {"device": {"id": offer["id"]}})
        await desk.verb(url, "otp.check", {"otp": "x"})
        if desk.box.world.passcodes:
            await desk.verb(url, "otp.check", {"otp": desk.box.world.passcodes[-1].code})
        await desk.http.get(url)
    one_time = {"oneTime": {"type": "EMAIL", "email": "new@mail.example"}}
    await desk.authenticate(people.NO_DEVICE, selectedDevice=one_time)


async def use_passkey_and_app(desk: Desk) -> None:
    """A passkey that signs wrongly and rightly; a push denied, cancelled and approved."""
    url = f"{desk.authentications}/{{}}".format
    key = next(key for key in desk.box.world.passkeys if key.username == people.ONLY_PASSKEY)
    started = (await desk.authenticate(people.ONLY_PASSKEY)).json()
    wrong = {"origin": "http://localhost", "assertion": "{}"}
    await desk.verb(url(started["id"]), "assertion.check", wrong)
    started = (await desk.authenticate(people.ONLY_PASSKEY)).json()
    signed = sign(key, started["publicKeyCredentialRequestOptions"], "http://localhost")
    await desk.verb(url(started["id"]), "assertion.check", {**wrong, "assertion": signed})
    for act in ("deny", "approve"):
        started = (await desk.authenticate(people.ONLY_APP)).json()
        await desk.verb(url(started["id"]), "cancel.push.authentication", {"reason": "CHANGE_DEVICE"})
        (offer,) = (await desk.http.get(url(started["id"]))).json()["_embedded"]["devices"]
        asked = (await desk.verb(url(started["id"]), "device.select", {"device": {"id": offer["id"]}})).json()
        form = {"push": str(desk.box.world.pushes[-1].seq), "act": act, "number": asked["numberMatching"]["number"]}
        await desk.http.post(f"{desk.at.mailbox_url}/push", data=form)
        await desk.http.get(url(started["id"]))


async def manage_devices(desk: Desk) -> None:
    """Each verb on a device, and its end."""
    devices = desk.box.world.user(people.SEVERAL_DEVICES).devices
    url = desk.user_url(people.SEVERAL_DEVICES, f"/devices/{devices[0].id}")
    for verb in ("block", "unblock", "unlock", "destroy"):
        await desk.verb(url, f"device.{verb}")
    for nickname in ("Red phone", " "):
        await desk.http.put(f"{url}/nickname", json={"nickname": nickname})
    order = {"order": [{"id": devices[1].id}]}
    await desk.verb(desk.user_url(people.SEVERAL_DEVICES, "/devices"), "devices.reorder", order)
    for _ in range(2):
        await desk.http.delete(url)


async def judge_and_recover(desk: Desk) -> None:
    """Evaluations of each level and their end; a code wrong, right with a bad password, and right."""
    for agent in ("Mozilla/5.0", "bot", "risk-medium new-device"):
        event = {"ip": "203.0.113.5", "user": {"id": "abc", "type": "EXTERNAL"}, "browser": {"userAgent": agent}}
        made = (await desk.http.post(desk.api("/riskEvaluations"), json={"event": event})).json()
        url = desk.api(f"/riskEvaluations/{made['id']}")
        await desk.http.get(url)
        for status in ("SUCCESS", "FAILED"):
            await desk.http.put(f"{url}/event", json={"completionStatus": status})
    await desk.http.post(desk.api("/riskEvaluations"), json={"event": {"ip": "x", "user": {"id": "a"}}})
    await desk.http.get(desk.api(f"/riskEvaluations/{ID}"))
    password = desk.user_url(people.ONLY_PINGONE, "/password")
    await desk.verb(password, "password.sendRecoveryCode")
    code = desk.box.world.user(people.ONLY_PINGONE).recovery
    assert code
    for typed, new in (("WRONG", SECRETS[1]), (code.code, "short"), (code.code, SECRETS[4])):
        await desk.verb(password, "password.recover", {"recoveryCode": typed, "newPassword": new})
    await desk.verb(desk.user_url(people.NO_PASSWORD, "/password"), "password.sendRecoveryCode")


async def register_somebody(desk: Desk) -> set[str]:
    """An account, each type of device and what was agreed to, taken and refused; gives the secrets that were said."""
    body = {
        "username": "nour@new.example",
        "email": "nour@new.example",
        "name": {"given": "Nour", "family": "Lind"},
        "emailVerified": True,
        "lifecycle": {"status": "ACCOUNT_OK"},
        "password": {"value": SECRETS[0], "forceChange": False},
    }
    made = (await desk.verb(desk.api("/users"), "user.import", body)).json()
    for change in ({}, {"username": "else", "email": "nobody"}, {"username": "else", "password": {"value": "x"}}):
        await desk.verb(desk.api("/users"), "user.import", {**body, **change})
    await desk.http.post(desk.api("/users"), json={"username": "plain", "email": "plain@new.example"})
    one_time = {"oneTime": {"type": "EMAIL", "email": "else@new.example"}}
    await desk.http.post(desk.authentications, json={"selectedDevice": one_time})
    url = desk.api(f"/users/{made['id']}/devices")
    waiting = {"status": "ACTIVATION_REQUIRED"}
    for wanted in ({"type": "SMS", "phone": "+44.7700900300"}, {"type": "EMAIL", "email": "nour@new.example"}):
        begun = (await desk.http.post(url, json={**wanted, **waiting})).json()
        await desk.verb(f"{url}/{begun['id']}", "device.sendActivationCode")
        for otp in ("nope00", desk.box.world.passcodes[-1].code):
            await desk.verb(f"{url}/{begun['id']}", "device.activate", {"otp": otp})
        await desk.http.post(url, json={**wanted, **waiting})
    app = (await desk.http.post(url, json={"type": "TOTP"})).json()
    key = (await desk.http.post(url, json={"type": "FIDO2", "rp": {"id": "localhost", "name": "Care"}})).json()
    _, attestation = attest(key["publicKeyCredentialCreationOptions"], "http://localhost")
    for text in ("{}", attestation):
        await desk.verb(f"{url}/{key['id']}", "device.activate", {"origin": "http://localhost", "attestation": text})
    await agree(desk, made["id"])
    return {app["secret"], attestation}


async def agree(desk: Desk, user_id: str) -> None:
    """Each agreement read to its last revision, accepted, read back and revoked."""
    await desk.http.get(desk.api("/languages"))
    consents = desk.api(f"/users/{user_id}/agreementConsents")
    for agreement in (await desk.http.get(desk.api("/agreements"))).json()["_embedded"]["agreements"]:
        url = desk.api(f"/agreements/{agreement['id']}")
        await desk.http.get(url)
        await desk.http.get(f"{consents}/{agreement['id']}")
        for language in (await desk.http.get(f"{url}/languages")).json()["_embedded"]["languages"]:
            at = f"{url}/languages/{language['id']}"
            await desk.http.get(at)
            for revision in (await desk.http.get(f"{at}/revisions")).json()["_embedded"]["revisions"]:
                await desk.http.get(f"{at}/revisions/{revision['id']}")
                said = {"language": {"id": language["id"]}, "revision": {"id": revision["id"]}}
                await desk.verb(f"{consents}/{agreement['id']}", "consent.accept", said)
        await desk.http.get(f"{consents}/{agreement['id']}")
        await desk.verb(f"{consents}/{agreement['id']}", "consent.revoke")
    await desk.http.get(consents)


async def test_a_recording_of_every_endpoint_holds_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "exchanges.jsonl"
    async with Sandbox(Options(record=file)) as box, httpx.AsyncClient(timeout=30) as http:
        bearer = await token(http, box.settings())
        http.headers["authorization"] = f"Bearer {bearer}"
        desk = Desk(box, http)
        await http.get(f"{desk.at.auth_url}/{desk.at.environment_id}/as/jwks")
        await http.get(f"{desk.at.auth_url}/{desk.at.environment_id}/as/.well-known/openid-configuration")
        for act in (read_everything, refuse_everything, write_everything, change_passwords, authenticate_everybody):
            await act(desk)
        await use_passkey_and_app(desk)
        await manage_devices(desk)
        await judge_and_recover(desk)
        said = await register_somebody(desk)
        await desk.entry("ada")
        await http.get(desk.at.mailbox_url)
        secrets = {
            bearer,
            desk.at.client_secret,
            desk.at.directory_password,
            "hush",
            *said,
            *SECRETS,
            people.person(people.ONLY_PINGONE).password,
        }
        secrets |= {f'"otp":"{code.code}"' for code in box.world.passcodes}
    text = file.read_text()
    assert not {secret for secret in secrets if secret in text}
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) > 150
    assert lines[0]["request_headers"]["authorization"] == "Basic ***"
    assert lines[0]["response_body"]["access_token"] == "***"
    assert lines[1]["request_headers"]["authorization"] == "Bearer ***"
    assert not [line for line in lines if "/directory" in line["url"] or "/mailbox" in line["url"]]
    assert file.stat().st_mode & 0o077 == 0


async def test_exchanges_under_a_fault_go_to_a_file_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "exchanges.jsonl"
    async with Sandbox(Options(record=file)) as box, httpx.AsyncClient() as http:
        http.headers["authorization"] = f"Bearer {await token(http, box.settings())}"
        desk = Desk(box, http)
        box.faults.add(path="/populations$", status=503, times=1)
        box.faults.add(path="/mfaSettings$", wrong_shape=True, times=1)
        for _ in range(2):
            await http.get(desk.api("/populations"))
            await http.get(desk.api("/mfaSettings"))
    kept = [json.loads(line)["status"] for line in file.read_text().splitlines()]
    faulty = [json.loads(line) for line in (tmp_path / "exchanges.jsonl.faults").read_text().splitlines()]
    assert kept == [200, 200, 200]
    assert [line["status"] for line in faulty] == [503, 200]
