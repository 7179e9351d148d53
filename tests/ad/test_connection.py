"""Speaking to a real controller: found, read, changed, and what is said where that is not possible."""

from __future__ import annotations

from csrdesk.sandbox import people
from csrdesk.services.directory.ldap import LdapDirectory
from csrdesk.services.directory.port import Equal
from tests.ad.controller import DOMAIN


async def test_somebody_is_found_by_each_name_they_have(directory: LdapDirectory) -> None:
    ada = f"CN=ada,OU=Care,OU=Staff,{DOMAIN}"
    someone = people.person("ada")
    for attribute, value in {
        "sAMAccountName": "ada",
        "userPrincipalName": "ada@csrdesk.test",
        "mail": someone.email,
        "employeeID": someone.customer_number,
        "distinguishedName": ada,
    }.items():
        (found,) = await directory.search(Equal(attribute, value), ("sAMAccountName",))
        assert (found.dn, found.first("samaccountname")) == (ada, "ada")
