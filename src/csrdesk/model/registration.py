"""What a new account is made of as far as it is typed: what is an address, what is a name, and whose domain it is."""

from __future__ import annotations

import unicodedata

from csrdesk.model.text import clean

NAME_AT_MOST = 256
"""Characters of a name (PingOne API, "Users", `name.given`)."""
_IN_NAMES = frozenset("' .-\u2019")


def is_address(text: str) -> bool:
    """Enough to write to: one `@` with something around it, and nothing that no address holds."""
    local, at, domain = text.rpartition("@")
    plain = text.isprintable() and not any(c.isspace() or c in '<>"(),;:\\[]' for c in text)
    return bool(local and at and domain) and "@" not in local and plain and bool(host(domain))


def host(domain: str) -> str:
    """A domain as the wire has it (RFC 5890, A-labels), lower-cased; empty for what is none."""
    try:
        wire = domain.strip().rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    labels = wire.split(".")
    fits = all(label.replace("-", "").isalnum() and label.strip("-") == label for label in labels)
    return wire if fits and len(labels) > 1 else ""


def is_of(address: str, domains: frozenset[str]) -> bool:
    """Whether an address is in one of these domains, or below one, however it is spelled."""
    labels = host(address.rpartition("@")[2]).split(".")
    return any(".".join(labels[first:]) in {host(one) for one in domains} for first in range(len(labels)))


def name_of(typed: str) -> str:
    """A typed name without blanks around it, composed (Unicode NFC); empty where it can be none.

    PingOne takes letters, marks, digits and `' .-` (PingOne API, "Users").
    """
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    fits = all(c in _IN_NAMES or unicodedata.category(c)[0] in "LM" or unicodedata.category(c) == "Nd" for c in name)
    said = any(unicodedata.category(c)[0] == "L" for c in name)
    return name.replace("\u2019", "'") if fits and said and len(name) <= NAME_AT_MOST and name == clean(name) else ""
