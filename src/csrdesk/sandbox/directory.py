"""The directory over JSON: search and modify on raw values, behind basic authentication.

`POST /directory/search {"base", "scope", "filter", "attributes"}` and `POST /directory/modify {"dn", "changes",
"controls"}`; a value that is no text is `{"base64": ...}`. Answers carry LDAP result codes (RFC 4511, appendix A) and
diagnostics in Active Directory's style.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Literal

import msgspec
from starlette.responses import Response

from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.constructed import computed
from csrdesk.sandbox.decoding import decode
from csrdesk.sandbox.domain import DOMAIN
from csrdesk.sandbox.ldap_errors import LdapError
from csrdesk.sandbox.ldap_modify import Change, modify
from csrdesk.sandbox.model import Entry

USER = "CSRDESK\\svc-csrdesk"
_NO_OBJECT = "00002030: NameErr: DSID-0310028C, problem 2001 (NO_OBJECT), data 0, best match of:\n\t''\n"
_MAX_DEPTH = 20


class Filter(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"all_": "and", "any_": "or", "not_": "not"}
):
    """Exactly one of: an attribute with a value (equality; `*` is a character), `and`, `or`, `not`."""

    attribute: str = ""
    value: str | None = None
    all_: list[Filter] | None = None
    any_: list[Filter] | None = None
    not_: Filter | None = None

    def __post_init__(self) -> None:
        forms = (bool(self.attribute), self.all_ is not None, self.any_ is not None, self.not_ is not None)
        if sum(forms) != 1 or bool(self.attribute) != (self.value is not None):
            raise ValueError("A filter is an attribute with a value, or one of and, or, not.")

    def holds(self, entry: Entry, depth: int = 0) -> bool:
        """True where the stored values fit; letter case does not count, and constructed attributes fit nothing."""
        if depth > _MAX_DEPTH:
            return False
        if self.all_ is not None:
            return all(part.holds(entry, depth + 1) for part in self.all_)
        if self.any_ is not None:
            return any(part.holds(entry, depth + 1) for part in self.any_)
        if self.not_ is not None:
            return not self.not_.holds(entry, depth + 1)
        wanted = (self.value or "").casefold()
        return any(value.casefold() == wanted for value in entry.values(self.attribute))


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A search below and including `base` (empty: everywhere); no attributes named means all that are stored.

    With the scope `base` it is that object alone; an empty base then is what the directory says of itself (RFC 4512,
    5.1).
    """

    base: str
    scope: Literal["base", "subtree"] = "subtree"
    filter: Filter | None = None
    attributes: list[str] = []


class Modify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes to one object, all or none; controls are named by their OIDs and count as critical."""

    dn: str
    changes: list[Change]
    controls: list[str] = []


def _json(body: object, status: int = 200) -> Response:
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = 'Basic realm="directory"'
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def _result(code: int, diagnostic: str = "") -> dict[str, object]:
    """The NUL at the end is Active Directory's; clients strip it."""
    return {"resultCode": code, "diagnosticMessage": f"{diagnostic}\x00" if diagnostic else ""}


def _is_allowed(call: Call, password: str) -> bool:
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(given, f"{USER}:{password}".encode())


def _shown(call: Call, entry: Entry, wanted: list[str]) -> dict[str, object]:
    attributes = dict(entry.attributes) if not wanted or "*" in wanted else {}
    for attribute in wanted:
        name = entry.name_of(attribute)
        constructed = computed(call.world, entry, attribute, call.clock.now())
        if name is not None:
            attributes[name] = entry.attributes[name]
        elif constructed is not None:
            attributes[constructed[0]] = constructed[1]
    return {"dn": entry.dn, "attributes": attributes}


def _root(call: Call) -> Entry:
    """The rootDSE: among other things which controls are understood."""
    attributes = {
        "defaultNamingContext": [DOMAIN],
        "dnsHostName": ["dc1.csrdesk.example"],
        "supportedControl": call.world.supported_controls,
        "supportedLDAPVersion": ["3"],
    }
    return Entry(dn="", attributes=attributes)


def _is_in_scope(wanted: Search, dn: str) -> bool:
    base = wanted.base.lower()
    return dn == base or (wanted.scope == "subtree" and (not base or dn.endswith(f",{base}")))


def search(call: Call, password: str) -> Response:
    """POST /directory/search."""
    if not _is_allowed(call, password):
        return _json(
            _result(49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e"), 401
        )
    try:
        wanted = decode(call.body, Search)
    except msgspec.DecodeError as error:
        return _json(_result(2, f"00000057: LdapErr: comment: {error}"), 400)
    base = wanted.base.lower()
    entries = {"": _root(call), **call.world.entries} if wanted.scope == "base" else call.world.entries
    if base not in entries and (base or wanted.scope == "base"):
        return _json({**_result(32, _NO_OBJECT), "entries": []})
    found = [
        _shown(call, entry, wanted.attributes)
        for dn, entry in entries.items()
        if _is_in_scope(wanted, dn) and (wanted.filter is None or wanted.filter.holds(entry))
    ]
    return _json({**_result(0), "entries": found})


def change(call: Call, password: str) -> Response:
    """POST /directory/modify."""
    if not _is_allowed(call, password):
        return _json(
            _result(49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e"), 401
        )
    try:
        wanted = decode(call.body, Modify)
    except msgspec.DecodeError as error:
        return _json(_result(2, f"00000057: LdapErr: comment: {error}"), 400)
    entry = call.world.entries.get(wanted.dn.lower())
    if entry is None:
        return _json(_result(32, _NO_OBJECT))
    try:
        modify(call.world, entry, wanted.changes, call.clock.now(), wanted.controls)
    except LdapError as error:
        return _json(_result(error.code, error.diagnostic))
    return _json(_result(0))
