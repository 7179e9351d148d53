"""What the directories ask of a new password, and why they refused one, in the words that the customer reads.

Apart from setting passwords, because here are only words: each rule of PingOne and of AD is translated once.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable

from csrdesk.model.passwords import Requirement
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean
from csrdesk.services.directory.passwords import LONGEST, DomainPolicy
from csrdesk.services.pingone.password_policies import Policy

_ENCODED = re.compile(r"\{[A-Za-z0-9_-]+\}")
"""How a password begins that PingOne would take for an encoded one, and store without a look at its policy."""
_KINDS = {
    string.ascii_uppercase: ("capital letter (A to Z)", "capital letters (A to Z)"),
    string.ascii_lowercase: ("small letter (a to z)", "small letters (a to z)"),
    string.digits: ("digit (0 to 9)", "digits (0 to 9)"),
}
_NUMBER = re.compile(r"\d+")
_COMPLEX_KINDS = 3
_BROKEN = {
    # PingOne's names, the members of its password policies
    "length": "It is too short or too long.",
    "minCharacters": "It needs more kinds of character: look at the list.",
    "minUniqueCharacters": "It needs more different characters.",
    "maxRepeatedCharacters": "It repeats a character too often.",
    "minComplexity": "It is too simple. Make it longer, or mix more kinds of character.",
    "excludesCommonlyUsed": "Many people use it, so it is guessed first. Choose another one.",
    "excludesProfileData": "It contains something of your own data, such as your name, address or number.",
    "notSimilarToCurrent": "It is too similar to the one that you have now.",
    "history": "You have used it before. Choose one that you have not had yet.",
    "minAgeDays": "Your password was changed a short while ago and cannot be changed again yet.",
    "alphabetSequence": "It contains a row of the alphabet, such as abcd.",
    "numberSequence": "It contains a row of numbers, such as 1234.",
    "qwertySequence": "It contains a row of the keyboard, such as qwerty.",
    "shiftedNumberRowSequence": "It contains a row of the keyboard, such as !@#$.",
    # AD's, the attributes of a domain
    "minPwdLength": "It is too short.",
    "pwdProperties": "It needs three kinds of character, and must not contain your name or account name.",
    "pwdHistoryLength": "You have used it before. Choose one that you have not had yet.",
}
_UNSAID = (
    "It does not follow the rules of the directory, which does not say why. Choose a longer one that has capital and "
    "small letters, digits and signs, nothing of your name, and that you have not had yet."
)
_CONTROLS = "It contains a character that cannot be typed everywhere, such as a line break or a tab."
_LOOKS_ENCODED = "It begins with a word in curly brackets. Choose another beginning."


def of_domain(policy: DomainPolicy) -> tuple[Requirement, ...]:
    """What AD asks."""
    found = [_at_least(policy.min_length), _at_most(LONGEST)]
    if policy.complexity:
        words = "Three of these kinds: capital letters, small letters, digits, other characters"
        found += [Requirement(words, "classes", _COMPLEX_KINDS), _said("Nothing of your name or account name")]
    return tuple(one for one in (*found, _unlike_the_last(policy.history)) if one)


def of_pingone(policy: Policy) -> tuple[Requirement, ...]:
    """What PingOne asks."""
    found = [_at_least(policy.length.min), _at_most(policy.length.max)]
    found += [_some_of(kind, number) for kind, number in policy.min_characters.items() if number > 0]
    if (different := policy.min_unique_characters) > 1:
        found.append(Requirement(f"At least {different} different characters", "distinct", different))
    if (repeated := policy.max_repeated_characters) > 0:
        # PingOne's pages do not say whether that means in a row or in all, so it is PingOne that judges.
        found.append(_said(f"No character more than {'once' if repeated == 1 else f'{repeated} times'}"))
    if policy.excludes_commonly_used:
        found.append(_said("No password that many people use"))
    if policy.excludes_profile_data:
        found.append(_said("Nothing of your own data, such as name, address or number"))
    return tuple(one for one in (*found, _unlike_the_last(policy.history.count)) if one)


def together(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Each once: of two that differ in their number alone, the stricter one, which meets both."""
    kept: dict[str, Requirement] = {}
    for one in requirements:
        what = _NUMBER.sub("", one.words)
        other = kept.get(what)
        if other is None or (one.number < other.number) is (one.kind == "max_length"):
            kept[what] = one
    return tuple(kept.values())


def why_unusable(password: Secret) -> str:
    """Why no directory should be sent it, in words; empty where one may be.

    PingOne takes a value that begins with a scheme in curly brackets for a password encoded elsewhere, and judges it by
    nothing (PingOne API, "User passwords"): what the customer typed would then not be their password.
    """
    text = password.reveal()
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        return _CONTROLS
    return _LOOKS_ENCODED if _ENCODED.match(text) else ""


def refusal(rules: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences for the rules that a directory named; a general one where it named none."""
    said = (_BROKEN.get(rule, f"It does not follow the rule “{clean(rule, 40)}”.") for rule in rules)
    return tuple(dict.fromkeys(said)) or (_UNSAID,)


def _at_least(number: int) -> Requirement | None:
    return Requirement(f"At least {number} characters", "min_length", number) if number > 1 else None


def _at_most(number: int) -> Requirement | None:
    return Requirement(f"At most {number} characters", "max_length", number) if number > 0 else None


def _some_of(characters: str, number: int) -> Requirement:
    one, more = _KINDS.get(characters, (f"of these: {characters}", f"of these: {characters}"))
    return Requirement(f"At least {number} {one if number == 1 else more}", "characters", number, characters)


def _said(words: str) -> Requirement:
    return Requirement(words, "said")


def _unlike_the_last(number: int) -> Requirement | None:
    words = "Not the one that you have now" if number == 1 else f"None of your last {number} passwords"
    return Requirement(words, "said", number) if number else None
