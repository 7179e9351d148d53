"""Speaking to a real controller: verified or not at all, paged, stood in for, and what is said where it fails."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from csrdesk.errors import (
    ServiceError,
    TimedOutError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)
from csrdesk.model.secret import Secret
from csrdesk.sandbox import people
from csrdesk.services.directory.port import AllOf, AnyOf, Change, Equal
from tests.ad import controller
from tests.ad.conftest import Open
from tests.ad.controller import DOMAIN, REALM, STAFF, Controller
from tests.ad.people import PASSWORD, SERVICE
from tests.ad.relay import Relay

if TYPE_CHECKING:
    from csrdesk.services.directory.ldap import LdapDirectory

ADA = f"CN=ada,OU=Care,{STAFF}"
FIND_ADA = Equal("sAMAccountName", "ada")
NOWHERE = "ldaps://127.255.255.1"


async def fails(opened: LdapDirectory) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await opened.search(FIND_ADA, ("cn",))
    return caught.value


async def test_somebody_is_found_by_each_name_they_have(directory: LdapDirectory) -> None:
    someone = people.person("ada")
    for attribute, value in {
        "sAMAccountName": "ada",
        "userPrincipalName": "ada@csrdesk.test",
        "mail": someone.email,
        "employeeID": someone.customer_number,
        "distinguishedName": ADA,
    }.items():
        (found,) = await directory.search(Equal(attribute, value), ("sAMAccountName",))
        assert (found.dn, found.first("samaccountname")) == (ADA, "ada")


async def test_an_account_is_found_by_the_text_form_of_its_guid(directory: LdapDirectory) -> None:
    (found,) = await directory.search(FIND_ADA, ("objectGUID", "objectSid"))
    (same,) = await directory.search(Equal("objectGUID", found.first("objectGUID") or ""), ("cn",))
    (again,) = await directory.search(Equal("objectSid", found.first("objectSid") or ""), ("cn",))
    assert found.dn == same.dn == again.dn
    assert await directory.search(Equal("objectGUID", "no-guid"), ("cn",)) == ()


@pytest.mark.parametrize(
    "value",
    ["*", "a*", "ada)(cn=*", "*)(uid=*))(|(uid=*", "\\2a", "\\", "a\0da", "ada\\", 'a,+"<>;=#', "Ольга", "李 小明"],
)
async def test_r_45_what_was_asked_as_a_value_stays_a_value(directory: LdapDirectory, value: str) -> None:
    for attribute in ("sAMAccountName", "mail", "employeeID"):
        assert await directory.search(Equal(attribute, value), ("cn",)) == ()


@pytest.mark.parametrize("name", ['Miller, Jo "JJ" <x>; #1 = a+b\\c', "Иванова Ольга", "李 小明", "a*()b", " blank "])
async def test_r_45_somebody_with_any_name_is_found_read_and_changed(
    dc: Controller, directory: LdapDirectory, opened: Open, name: str
) -> None:
    import ldap.dn

    dn = f"CN={ldap.dn.escape_dn_chars(name)},OU=Care,{STAFF}"
    dc.add(dn, objectClass="user", sAMAccountName=f"u{abs(hash(name)) % 10**8}", description=name)
    try:
        (found,) = await directory.search(Equal("description", name), ("cn",))
        (read,) = await directory.search(
            Equal("distinguishedName", found.dn), ("cn", "userAccountControl"), base=found.dn
        )
        assert read.first("cn") == name
        await directory.modify(read.dn, (Change("replace", "lockoutTime", ("0",)),))
    finally:
        dc.delete(dn)


async def test_parts_of_a_filter_are_alternatives_or_all_needed(directory: LdapDirectory) -> None:
    one, other = FIND_ADA, Equal("sAMAccountName", "bruno")
    assert len(await directory.search(AnyOf((one, other)), ("cn",))) == 2
    assert await directory.search(AllOf((one, other)), ("cn",)) == ()


@pytest.mark.parametrize("base", [f"OU=Nowhere,{DOMAIN}", "no name at all", "CN=x)(cn=*"])
async def test_a_base_that_does_not_exist_holds_nothing(directory: LdapDirectory, base: str) -> None:
    assert await directory.search(FIND_ADA, ("cn",), base=base) == ()
    assert await directory.search(Equal("distinguishedName", base), ("cn",), base=base) == ()


async def test_a_search_of_the_whole_domain_follows_no_referral(directory: LdapDirectory) -> None:
    found = await directory.search(Equal("objectClass", "domain"), ("dc",))
    assert [entry.dn for entry in found] == [DOMAIN]


async def test_long_answers_are_read_page_by_page(dc: Controller, directory: LdapDirectory, opened: Open) -> None:
    from csrdesk.services.directory.ldap_connection import SignIn, Target
    from csrdesk.services.directory.ldap_controller import Controller as Asked
    from csrdesk.services.directory.ldap_names import GroupNames

    wanted = Equal("objectClass", "user")
    whole = await directory.search(wanted, ("cn",))
    async with Relay(dc.address, 636) as relay:
        sign_in = SignIn(opened.settings.user, Secret(PASSWORD))
        seven = Asked(Target(relay.url, sign_in, opened.settings.ca_file), GroupNames(), page=7)
        await seven.connected()
        before = relay.passed
        paged = await seven.search(wanted, ("cn",))
        await seven.close()
    assert {one.dn for one in paged} == {one.dn for one in whole}
    assert relay.passed - before >= len(whole) // 7


async def test_many_requests_are_under_way_at_once_on_one_connection(dc: Controller, opened: Open) -> None:
    async with Relay(dc.address, 636, round_trip_ms=50) as relay:
        directory = opened(replace(opened.settings, controllers=(relay.url,)))
        await directory.search(FIND_ADA, ("cn",))
        began = asyncio.get_running_loop().time()
        found = await asyncio.gather(*(directory.search(FIND_ADA, ("cn",)) for _ in range(40)))
        assert asyncio.get_running_loop().time() - began < 40 * 0.05 / 2
        assert (len(found), relay.opened) == (40, 1)


async def test_r_44_tls_on_ldaps_own_port_is_as_good(dc: Controller, opened: Open) -> None:
    directory = opened(replace(opened.settings, controllers=(dc.plain_url,)))
    assert len(await directory.search(FIND_ADA, ("cn",))) == 1
    assert directory.private


async def test_r_44_a_certificate_of_another_authority_is_not_taken(opened: Open, tmp_path: Path) -> None:
    controller.make_certificate(tmp_path, "127.0.0.1")
    for ca_file in (str(tmp_path / "ca.pem"), ""):
        error = await fails(opened(replace(opened.settings, ca_file=ca_file)))
        assert "an authority that directory.ca_file and this machine do not know" in error.message
        assert "Nothing was sent" in error.message


async def test_r_44_a_certificate_of_another_name_or_of_yesterday_is_not_taken(
    dc: Controller, opened: Open, tmp_path: Path
) -> None:
    for names, days, words in ((("dc9.csrdesk.test",), 2, "another name"), (("127.0.0.1",), -1, "has expired")):
        folder = tmp_path / str(days)
        addresses = ["127.0.0.1"] if days < 0 else []
        controller.make_certificate(folder, *addresses, names=names, days=days)
        async with tls_server(folder) as url:
            error = await fails(opened(replace(opened.settings, controllers=(url,), ca_file=str(folder / "ca.pem"))))
            assert words in error.message


async def test_r_44_a_server_that_offers_no_tls_gets_no_password(dc: Controller, opened: Open) -> None:
    heard = bytearray()

    def serve(listening: socket.socket) -> None:
        for _ in range(2):  # libldap, and the look for the reason
            connection, _ = listening.accept()
            with connection:
                while piece := connection.recv(4096):
                    heard.extend(piece)
                    # An extended response that says `protocolError` (RFC 4511, 4.14.2).
                    connection.sendall(bytes([48, 12, 2, 1, piece[4], 0x78, 7, 10, 1, 2, 4, 0, 4, 0]))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=serve, args=(listening,), daemon=True)
        serving.start()
        url = f"ldap://127.0.0.1:{listening.getsockname()[1]}"
        error = await fails(opened(replace(opened.settings, controllers=(url,), timeout_seconds=2)))
        serving.join(2)
    assert "offers no TLS" in error.message
    assert PASSWORD.encode() not in heard
    assert heard


pytestmark = pytest.mark.timeout(40)


@pytest.mark.parametrize(("user", "password"), [(SERVICE, "wrong"), ("nobody", PASSWORD), (SERVICE, "")])
async def test_a_sign_in_that_is_refused_says_why(opened: Open, user: str, password: str) -> None:
    error = await fails(opened(replace(opened.settings, user=f"{user}@csrdesk.test"), Secret(password)))
    assert isinstance(error, UnauthorizedError)
    assert password == "" or "the user name or the password is wrong" in error.message


@pytest.mark.parametrize(
    ("words", "attributes"),
    [
        ("it is disabled", {"userAccountControl": "514"}),
        ("it has expired", {"accountExpires": "129000000000000000"}),
        ("it must change its password first", {"pwdLastSet": "0"}),
        ("its password has expired", {"pwdLastSet": "129000000000000000"}),
    ],
)
async def test_a_service_account_that_cannot_sign_in_is_said_in_words(
    dc: Controller, opened: Open, words: str, attributes: dict[str, str]
) -> None:
    dn = f"CN=svc-other,OU=Services,{DOMAIN}"
    dc.add(dn, objectClass="user", sAMAccountName="svc-other", userAccountControl="512", password=PASSWORD)
    try:
        dc.plant(dn, bypass=True, **attributes)
        error = await fails(opened(replace(opened.settings, user="svc-other@csrdesk.test")))
        assert words in error.message
    finally:
        dc.delete(dn)


async def test_a_service_account_that_is_locked_is_said_in_words(dc: Controller, opened: Open) -> None:
    dn = f"CN=svc-locked,OU=Services,{DOMAIN}"
    dc.add(dn, objectClass="user", sAMAccountName="svc-locked", userAccountControl="512", password=PASSWORD)
    try:
        dc.wrong_passwords("svc-locked")
        error = await fails(opened(replace(opened.settings, user="svc-locked@csrdesk.test")))
        assert "it is locked after wrong passwords" in error.message
    finally:
        dc.delete(dn)


async def test_a_controller_that_is_down_is_named(opened: Open) -> None:
    error = await fails(opened(replace(opened.settings, controllers=(NOWHERE,))))
    assert isinstance(error, UnreachableError)
    assert error.message.startswith("The domain controller 127.255.255.1 cannot be reached on port 636")


async def test_another_controller_stands_in_for_reading(dc: Controller, opened: Open) -> None:
    directory = opened(replace(opened.settings, controllers=(NOWHERE, dc.url)))
    assert len(await directory.search(FIND_ADA, ("cn",))) == 1


async def test_a_connection_that_was_cut_is_made_anew(dc: Controller, opened: Open) -> None:
    async with Relay(dc.address, 636) as relay:
        directory = opened(replace(opened.settings, controllers=(relay.url,)))
        await directory.search(FIND_ADA, ("cn",))
        relay.cut()
        assert len(await directory.search(FIND_ADA, ("cn",))) == 1
        assert relay.opened == 2


async def test_a_controller_that_takes_connections_and_answers_nothing_is_given_up(
    dc: Controller, opened: Open
) -> None:
    async with Relay(dc.address, 636) as relay:
        settings = replace(opened.settings, controllers=(relay.url,), timeout_seconds=0.5)
        directory = opened(settings)
        await directory.search(FIND_ADA, ("cn",))
        relay.deaf = True
        assert isinstance(await fails(directory), TimedOutError)
        assert isinstance(await fails(opened(settings)), TimedOutError)


async def test_a_change_at_a_controller_that_cannot_be_reached_was_not_made_and_is_said_so(opened: Open) -> None:
    directory = opened(replace(opened.settings, controllers=(NOWHERE,), ad_write_to="first"))
    with pytest.raises(UnavailableError, match="Nothing was sent"):
        await directory.modify(ADA, (Change("replace", "lockoutTime", ("0",)),))


async def test_changes_go_to_the_pdc_emulator_wherever_it_stands(dc: Controller, opened: Open) -> None:
    directory = opened(replace(opened.settings, controllers=(NOWHERE, dc.url)))
    assert (await directory.writer()).url == dc.url
    assert (await directory.writer()).server == "dc1.csrdesk.test"


async def test_changes_go_where_settings_say(dc: Controller, opened: Open) -> None:
    async with Relay(dc.address, 636) as relay:
        directory = opened(replace(opened.settings, controllers=(dc.url,), ad_write_to=relay.url))
        assert (await directory.writer()).url == relay.url


async def test_a_ticket_of_kerberos_signs_in_over_both_kinds_of_connection(
    dc: Controller, opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dc.tool("spn", "add", f"ldap/{dc.address}", "DC1$")
    monkeypatch.setenv("KRB5_CONFIG", str(dc.krb5_conf))
    monkeypatch.setenv("KRB5CCNAME", str(tmp_path / "ticket"))
    settings = replace(opened.settings, sign_in="kerberos", user="")
    error = await fails(opened(settings, None))
    assert "no Kerberos ticket" in error.message
    signing_in = ["kinit", f"{SERVICE}@{REALM}"]
    await asyncio.to_thread(subprocess.run, signing_in, input=PASSWORD, text=True, check=True, capture_output=True)
    for url in (dc.url, dc.plain_url):
        directory = opened(replace(settings, controllers=(url,)), None)
        assert len(await directory.search(FIND_ADA, ("cn",))) == 1


class tls_server:  # noqa: N801 - a context, read as a verb
    """A server that shows a certificate and says nothing."""

    def __init__(self, folder: Path) -> None:
        import ssl

        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._quiet, "127.0.0.1", ssl=self._context)
        return f"ldaps://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _quiet(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
