"""A typed phone number as PingOne takes it, or why it is none; and the countries that one can belong to.

The rules are those of Google's libphonenumber, in its Python port; it is loaded by whoever reads a number, not before.
"""

from __future__ import annotations

from functools import cache
from typing import Final

_MOST: Final = 40
"""Characters: longer than any way to write a number."""
NONE: Final = "That is no phone number. Type it with the country code, like +1 512 555 0143, or choose the country."
_WHY: Final = {
    "INVALID_COUNTRY_CODE": "No country has that code. Type the number with its country code, like +1 512 555 0143.",
    "TOO_SHORT": "That number is too short. Look at it once more.",
    "TOO_LONG": "That number is too long. Look at it once more.",
    "INVALID_LENGTH": "No number of that country is that long. Look at it once more.",
    "IS_POSSIBLE_LOCAL_ONLY": "That number lacks its area code. Look at it once more.",
}
COSTLY: Final = "That number costs whoever calls it more than others do, so no passcode is sent there. Use another one."
LANDLINE: Final = "That number takes no text messages. Use a mobile one, or go back and choose a phone call."


class NoNumberError(ValueError):
    """What was typed is no number that a passcode can be sent to; its words say why."""


def read_number(typed: str, country: str, *, texts: bool) -> str:
    """`+1.5125550143`, as PingOne writes numbers. `country`: two letters, for a number without a code of its own.

    Raises `NoNumberError`, also for a landline where it is to take `texts`.
    """
    import phonenumbers
    from phonenumbers import PhoneNumberType as Type

    if len(typed) > _MOST:
        raise NoNumberError(NONE)
    try:
        number = phonenumbers.parse(typed, country.upper() or None)
    except phonenumbers.NumberParseException as error:
        no_code = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and "+" in typed
        raise NoNumberError(_WHY["INVALID_COUNTRY_CODE"] if no_code else NONE) from None
    if number.extension:
        raise NoNumberError(NONE)
    why = phonenumbers.ValidationResult.to_string(phonenumbers.is_possible_number_with_reason(number))
    if why in _WHY:
        raise NoNumberError(_WHY[why])
    kind = phonenumbers.number_type(number)
    if kind in (Type.PREMIUM_RATE, Type.SHARED_COST):
        raise NoNumberError(COSTLY)
    if texts and kind == Type.FIXED_LINE:
        raise NoNumberError(LANDLINE)
    return f"+{number.country_code}.{phonenumbers.national_significant_number(number)}"


@cache
def countries() -> tuple[tuple[str, str, int], ...]:
    """Two letters, English name and dialling code of every country that has a name, by name."""
    import phonenumbers
    from phonenumbers.geodata.locale import LOCALE_DATA

    named = ((_named(LOCALE_DATA.get(region, {})), region) for region in phonenumbers.SUPPORTED_REGIONS)
    return tuple((region, name, phonenumbers.country_code_for_region(region)) for name, region in sorted(named) if name)


def _named(names: dict[str, str]) -> str:
    """The English name; `*aa` stands for the one that language `aa` has (the library's own shorthand)."""
    name = names.get("en", "")
    return names.get(name[1:], "") if name.startswith("*") else name
