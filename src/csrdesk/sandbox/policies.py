"""MFA policies and settings, read only. PingOne API: "MFA device authentication policies", "MFA settings".

Two policies: PingOne's default, which goes to the first device, and the help desk's own, which lets the customer
choose and takes locked users.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, hal, link, not_found, page
from csrdesk.sandbox.calls import Call

MAX_DEVICES = 5
"""Of one user, those that wait for activation among them."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy says, as far as authentications here depend on it."""

    id: str
    name: str
    default: bool
    device_selection: str
    ignore_user_lock: bool
    failures: int = 3
    """Wrong passcodes in a row that lock a device."""
    cool_down: timedelta = timedelta(minutes=2)
    """How long it stays locked."""
    otp_life: timedelta = timedelta(minutes=30)
    otp_length: int = 6
    push_timeout: timedelta = timedelta(seconds=40)
    """How long a push waits on the phone; PingOne takes 40 to 150 s."""
    number_matching: bool = False


POLICIES = (
    Policy(
        id=ids.DEFAULT_MFA_POLICY,
        name="Default MFA Policy",
        default=True,
        device_selection="DEFAULT_TO_FIRST",
        ignore_user_lock=False,
    ),
    Policy(
        id=ids.DESK_MFA_POLICY,
        name="Help desk",
        default=False,
        device_selection="PROMPT_TO_SELECT",
        ignore_user_lock=True,
        number_matching=True,
    ),
)
DEFAULT = POLICIES[0]


def policy_of(id_: str) -> Policy | None:
    """The policy with that id, if there is one."""
    return next((policy for policy in POLICIES if policy.id == id_.lower()), None)


def _minutes(duration: timedelta) -> Json:
    return {"duration": duration // timedelta(minutes=1), "timeUnit": "MINUTES"}


def _application(policy: Policy) -> Json:
    return {
        "id": ids.APPLICATION,
        "push": {"enabled": True, "numberMatching": {"enabled": policy.number_matching}},
        "pushTimeout": {"duration": policy.push_timeout // timedelta(seconds=1), "timeUnit": "SECONDS"},
        "otp": {"enabled": True},
    }


def _resource(call: Call, policy: Policy) -> Json:
    failure = {"count": policy.failures, "coolDown": _minutes(policy.cool_down)}
    passcode = {
        "enabled": True,
        "pairingDisabled": False,
        "otp": {"lifeTime": _minutes(policy.otp_life), "failure": failure, "otpLength": policy.otp_length},
    }
    return {
        "_links": {
            "self": link(f"{call.api}/deviceAuthenticationPolicies/{policy.id}"),
            "environment": link(call.api),
        },
        "id": policy.id,
        "environment": {"id": ids.ENVIRONMENT},
        "name": policy.name,
        "default": policy.default,
        "forSignOnPolicy": False,
        "authentication": {"deviceSelection": policy.device_selection},
        "newDeviceNotification": "NONE",
        "ignoreUserLock": policy.ignore_user_lock,
        "sms": passcode,
        "voice": passcode,
        "email": passcode,
        "totp": {"enabled": True, "pairingDisabled": False, "otp": {"failure": failure}},
        "mobile": {"enabled": True, "otp": {"failure": failure}, "applications": [_application(policy)]},
        "fido2": {"enabled": True, "pairingDisabled": False, "fido2PolicyId": ids.FIDO2_POLICY},
        "updatedAt": "2018-01-02T08:00:00.000Z",
    }


def list_mfa_policies(call: Call) -> Response:
    """GET deviceAuthenticationPolicies."""
    return hal(page("deviceAuthenticationPolicies", [_resource(call, policy) for policy in POLICIES], call.href))


def read_mfa_policy(call: Call) -> Response:
    """GET deviceAuthenticationPolicy."""
    policy = policy_of(call.path["policy"])
    if policy is None:
        raise not_found()
    return hal(_resource(call, policy))


def read_mfa_settings(call: Call) -> Response:
    """GET mfaSettings."""
    return hal(
        {
            "_links": {"self": link(call.href), "environment": link(call.api)},
            "environment": {"id": ids.ENVIRONMENT},
            "pairing": {"maxAllowedDevices": MAX_DEVICES, "pairingKeyFormat": "NUMERIC"},
            "phoneExtensions": {"enabled": False},
            "users": {"mfaEnabled": False},
            "updatedAt": "2018-01-02T08:00:00.000Z",
        }
    )
