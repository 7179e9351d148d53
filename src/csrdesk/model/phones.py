"""A typed phone number as PingOne takes it, or why it is none.

The rules are those of Google's libphonenumber, in its Python port; it is loaded by whoever reads a number, not before.
"""

from __future__ import annotations

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
        raise NoNumberError(_unread(error.error_type, typed)) from None
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


def _unread(kind: int, typed: str) -> str:
    """Why what was typed cannot even be read as a number."""
    from phonenumbers import NumberParseException as Unread

    if kind == Unread.INVALID_COUNTRY_CODE and "+" in typed:
        return _WHY["INVALID_COUNTRY_CODE"]
    return _WHY["TOO_LONG"] if kind == Unread.TOO_LONG else NONE
