"""Where a provider sends csrdesk and its agents: https, and never to a port of this machine that anybody may have."""

from __future__ import annotations

import pytest
import trustme

from csrdesk.config import SignInSettings
from csrdesk.errors import UnexpectedAnswerError
from csrdesk.services.sign_in import device
from csrdesk.services.sign_in.provider import Provider
from tests.services.scripted import Asked, Say, Script, scripted
from tests.services.test_pingone_calls import authority, tls

__all__ = ["authority"]
HERE = "http://127.0.0.1:9/as"


def saying(**other: str) -> Script:
    """A provider whose metadata and device answer name these addresses."""

    def say(asked: Asked) -> Say:
        at = f"https://{asked.headers['host']}"
        if asked.method == "POST":
            begun = {"device_code": "d", "user_code": "AB-CD", "expires_in": 600, "verification_uri": f"{at}/code"}
            return Say(body=begun | {name: url for name, url in other.items() if name in begun})
        named = ("authorization_endpoint", "token_endpoint", "jwks_uri", "device_authorization_endpoint")
        metadata = {"issuer": at} | {name: f"{at}/{name}" for name in named}
        return Say(body=metadata | {name: url for name, url in other.items() if name in metadata})

    return say


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "device_authorization_endpoint"])
async def test_r_44_a_provider_elsewhere_names_no_plain_address_of_this_machine(
    authority: trustme.CA, name: str
) -> None:
    async with scripted(saying(**{name: HERE}), tls=tls(authority)) as server:
        provider = Provider(SignInSettings(issuer=server.url, client_id="c"))
        with pytest.raises(UnexpectedAnswerError, match=r"names an address that is not https\. Nothing was sent"):
            await provider.metadata()
        await provider.close()
        assert len(server.asked) == 1


async def test_r_44_an_agent_is_sent_to_no_plain_address_of_this_machine(authority: trustme.CA) -> None:
    async with scripted(saying(verification_uri=HERE), tls=tls(authority)) as server:
        provider = Provider(SignInSettings(issuer=server.url, client_id="c"))
        shown: list[device.DeviceCode] = []
        with pytest.raises(UnexpectedAnswerError, match="Nobody was signed in"):
            await device.by_device(provider, shown.append)
        await provider.close()
        assert shown == []


async def test_a_provider_that_names_https_alone_is_taken(authority: trustme.CA) -> None:
    async with scripted(saying(), tls=tls(authority)) as server:
        provider = Provider(SignInSettings(issuer=server.url, client_id="c"))
        assert (await provider.metadata()).token_endpoint == f"{server.url}/token_endpoint"
        await provider.close()
