"""How the customer of a played demo registers a device on the pages: by what reaches their phone, app or browser."""

from __future__ import annotations

import pyotp

from csrdesk.demo.customer import Customer
from csrdesk.demo.telling import DifferenceError
from csrdesk.sandbox.authenticator import Passkey

NUMBER = "+1 512 555 0177"
"""Nobody's: numbers with 555-01 are for stories."""


async def register_device(customer: Customer, kind: str, *, name: str = "") -> Passkey | pyotp.TOTP | None:
    """From the choice of a kind to the end; what the customer keeps of it. Their browser must know passkeys for FIDO2.

    Raises `DifferenceError` where a page is not the one that was expected.
    """
    own: Passkey | pyotp.TOTP | None = None
    await customer.answer("DeviceTypeChosen", device_type=kind)
    match kind:
        case "SMS" | "VOICE":
            await customer.answer("NumberGiven", country="", number=NUMBER)
            await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode(kind=kind))
        case "TOTP":
            own = pyotp.TOTP(customer.app_key)
            await customer.answer("PasscodeGiven", passcode=own.now())
        case "FIDO2":
            own = await customer.make_passkey()
        case "EMAIL":
            if customer.offers("PasscodeGiven"):
                await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode(kind=kind))
        case _:
            raise DifferenceError(f"{kind} is not registered on pages")
    if customer.offers("NicknameGiven"):
        await customer.answer("NicknameGiven", nickname=name)
    return own
