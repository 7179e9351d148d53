"""What opens a customer's page: the link by mail, and the spoken address, for which nothing is sent.

For both the pages must be served, and the account not be a new one.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from csrdesk.flows import effects as fx
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Reply
from csrdesk.flows.spoken_effects import AddressNotOpened, AddressOpened, OpenAddress
from csrdesk.model.devices import Age
from csrdesk.services.performer.link import send_magic_link
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import users

PATH = "/c"
"""Behind the pages' origin: as short as can be, because it is said aloud."""
_NO_PAGES = "The customers' pages are not being served, so the address would open nothing. Start `csrdesk serve`."
_TOO_NEW = "The account is too new for its devices to prove anybody, so there is no code."


async def perform(effect: fx.SendMagicLink | OpenAddress, context: Context, outside: Outside) -> Reply:
    """Perform what a customer's page begins with."""
    if isinstance(effect, OpenAddress):
        return await open_address(effect, context, outside)
    return await send_magic_link(effect, context, outside)


async def open_address(effect: OpenAddress, context: Context, outside: Outside) -> AddressOpened | AddressNotOpened:
    """A code for the spoken address; its clock runs at once."""
    origin = outside.public_url()
    if not origin:
        return AddressNotOpened(_NO_PAGES)
    got = await users.read(outside.pingone, effect.person_id)
    if outside.age(got.body.created_at) is Age.NEW:
        return AddressNotOpened(_TOO_NEW)
    mail = got.body.email.strip()
    return await outside.links().open_address(effect, context, to=to_say(origin), address=mail)


def to_say(origin: str) -> str:
    """The address as one types it: without `https://`, which browsers add by themselves; `http://` has to be typed."""
    parts = urlsplit(origin)
    return f"{'' if parts.scheme == 'https' else 'http://'}{parts.netloc}{PATH}"
