"""Settings of Active Directory: what is refused before anybody is asked."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.config import DirectorySettings, PingOneSettings, Settings, check
from csrdesk.errors import ConfigError

GOOD = DirectorySettings(
    kind="ad", controllers=("ldaps://dc1.example.org", "ldap://[::1]:3890"), user="svc@example.org"
)


def checked(directory: DirectorySettings) -> None:
    check(Settings(pingone=PingOneSettings(environment_id="e", client_id="c"), directory=directory))


def test_controllers_by_either_scheme_a_port_and_an_address_are_taken() -> None:
    checked(GOOD)
    checked(replace(GOOD, sign_in="kerberos", user=""))
    for where in ("first", "pdc", "ldaps://dc9.example.org"):
        checked(replace(GOOD, ad_write_to=where))


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"controllers": ()}, "directory.controllers"),
        ({"controllers": ("dc1.example.org",)}, "directory.controllers"),
        ({"controllers": ("https://dc1.example.org",)}, "directory.controllers"),
        ({"controllers": ("ldaps://dc1.example.org/DC=example",)}, "directory.controllers"),
        ({"controllers": ("ldaps://svc:secret@dc1.example.org",)}, "directory.controllers"),
        ({"controllers": ("ldaps://dc1.example.org:port",)}, "directory.controllers"),
        ({"controllers": ("ldaps://",)}, "directory.controllers"),
        ({"ad_write_to": "dc1"}, "directory.ad_write_to"),
        ({"user": ""}, "directory.user"),
    ],
)
def test_what_names_no_controller_is_refused_with_its_key(changed: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(replace(GOOD, **changed))
    assert caught.value.key == key
    assert caught.value.message.endswith(".")


def test_a_password_is_needed_where_csrdesk_signs_in_with_one() -> None:
    assert GOOD.needs_password
    assert not replace(GOOD, sign_in="kerberos").needs_password
    assert not DirectorySettings().needs_password
