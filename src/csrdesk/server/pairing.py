"""The pages on which a customer registers a device: which template shows which prompt, and what it is filled with.

Part of the pages of a registration. The key of an app and the options of a passkey come from the view alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs, urlsplit

from csrdesk.flows import pairing_prompts as pp
from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.flows.pairing_answers import NumberGiven
from csrdesk.model.phones import NoNumberError, read_number
from csrdesk.model.secret import Secret
from csrdesk.server.forms import Refusal

TEMPLATES: Final[Mapping[type[Prompt], str]] = MappingProxyType(
    {
        pp.DeviceTypePrompt: "pair_choose.html",
        pp.NumberPrompt: "pair_number.html",
        pp.ActivationPrompt: "pair_passcode.html",
        pp.NewAppPrompt: "pair_app.html",
        pp.NewPasskeyPrompt: "pair_passkey.html",
        pp.NicknamePrompt: "pair_name.html",
        pp.MfaNotEnabledPrompt: "pair_not_enabled.html",
    }
)
_QUIET_ZONE: Final = 4
"""Modules of white around a QR code (ISO/IEC 18004, 6.3.8)."""
_GROUP: Final = 4


def context(prompt: Prompt, shown: Secret | None) -> dict[str, object]:
    """What the template of `prompt` needs beside it. `shown` is the view's."""
    match prompt:
        case pp.NumberPrompt():
            return {"countries": countries(), "before": shown.reveal() if shown else ""}
        case pp.NewAppPrompt():
            return _app(shown)
        case pp.NewPasskeyPrompt():
            return {"options": shown.reveal() if shown else ""}
        case _:
            return {}


@cache
def countries() -> tuple[tuple[str, str, int], ...]:
    """Two letters (ISO 3166-1), English name and dialling code of every country, by name.

    A list of our own, because the library that reads numbers loads the whole world's places for their names.
    """
    lines = files(__package__).joinpath("countries.txt").read_text(encoding="utf-8").splitlines()
    return tuple((region, name, int(code)) for region, code, name in (line.split(" ", 2) for line in lines))


def refuse(prompt: Prompt, answer: Answer) -> Refusal | None:
    """A number that is none, said on the page with what was typed still there; PingOne is not asked."""
    if not isinstance(prompt, pp.NumberPrompt) or not isinstance(answer, NumberGiven):
        return None
    try:
        read_number(answer.number.reveal(), answer.country, texts=prompt.device_type == "SMS")
    except NoNumberError as why:
        return Refusal(422, str(why))
    return None


def _app(shown: Secret | None) -> dict[str, object]:
    """The key as a picture, as a link and as text, in groups that can be typed; nothing where it is gone."""
    if shown is None:
        return {"picture": "", "uri": "", "key": ""}
    uri = shown.reveal()
    key = parse_qs(urlsplit(uri).query).get("secret", [""])[0]
    groups = (key[start : start + _GROUP] for start in range(0, len(key), _GROUP))
    return {"picture": _picture(uri), "uri": uri, "key": " ".join(groups)}


def _picture(uri: str) -> str:
    """A QR code as SVG without style attributes, which the pages' policy forbids."""
    # Here, because few pages need it.
    import segno

    code = segno.make(uri, error="m", micro=False)
    return str(code.svg_inline(border=_QUIET_ZONE, omitsize=True, svgclass="qr", lineclass=None))
