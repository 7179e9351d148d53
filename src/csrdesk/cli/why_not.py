"""Why `call start` sends no link, device by device, and which other ways this caller has, as the console shows it."""

from __future__ import annotations

from msgspec.structs import replace

from csrdesk.cli.result import Result, refusal
from csrdesk.flows.kernel import Prompt
from csrdesk.flows.prompts import CardPrompt, UnverifiableCardPrompt
from csrdesk.flows.verify_user import OTHER_WAYS
from csrdesk.model.ways import Way, WayOffer

_IN_A_SHELL = "Without a link nobody is verified. To close the account all the same: csrdesk user disable --protective."


def no_link(call_id: str, card: CardPrompt | UnverifiableCardPrompt) -> Result | None:
    """The refusal of a link, with all that is known why; None where one can be sent."""
    if isinstance(card, UnverifiableCardPrompt):
        why, obstacles = card.why, card.obstacles
    else:
        link = next((offer for offer in card.ways if offer.way is Way.LINK), None)
        if link is None or link.is_open:
            return None
        why, obstacles = f"{link.way.label}: {link.why_not}", ()
    about = [f"  {device.label}: {words}" for device, words in zip(card.devices, obstacles, strict=False) if words]
    ways = [_way(offer, card.person.username) for offer in card.ways if offer.way is not Way.LINK]
    data = {"call": call_id, "verified": False, "obstacles": obstacles, "ways": card.ways}
    refused = refusal("not_verified", f"Not verified. {why.rstrip('.')}. Nothing was sent.", data=data)
    return replace(refused, messages=(*about, *ways))


def _way(offer: WayOffer, username: str) -> str:
    if offer.is_open:
        return f"  {offer.way.label} ({offer.gives}): csrdesk call start {username} --way {offer.way.value}"
    return f"  {offer.way.label}: {offer.words}"


def closed(card: Prompt | None, way: Way) -> str:
    """Why a way cannot be taken from this card, in a sentence; empty where it can."""
    offer = next((one for one in getattr(card, "ways", ()) if one.way is way), None)
    if offer is not None:
        return "" if offer.is_open else f"{way.label}: {offer.why_not}."
    if isinstance(card, UnverifiableCardPrompt) and not card.ways:
        return card.why  # no way at all, as after "this wasn't me"
    return f"{way.label}: settings do not have this way."


def in_a_shell(note: str) -> str:
    """A note of the form that sends, without the keys of a console."""
    return note.replace(OTHER_WAYS, _IN_A_SHELL)
