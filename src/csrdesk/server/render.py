"""Templates, style sheet, scripts and logo: loaded once, and served by the hash of what they hold."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from urllib.parse import quote

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from starlette.responses import HTMLResponse, Response

from csrdesk.server import pairing_texts, recovery_texts, registration_texts, texts
from csrdesk.server.look import Look

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_FOR_GOOD = "public, max-age=31536000, immutable"


class _Compiled(BytecodeCache):
    """Templates as this process has compiled them: whoever serves pages a second time need not do it again."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class Render:
    """Makes pages in one company's look."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self._assets: dict[str, bytes] = {}
        for name in ("site.css", "site.js", "password.js", "passkey.js", "new_passkey.js", "signals.js", "icon.svg"):
            self._assets[name] = files(__package__).joinpath("static", name).read_bytes()
        if look.logo_style:
            rule = f".brand img {{ {'; '.join(look.logo_style)}; }}\n"
            self._assets["site.css"] += rule.encode()
        self._static = {name: f"/static/{_hash(content)}/{quote(name)}" for name, content in self._assets.items()}
        self._environment = Environment(
            loader=PackageLoader("csrdesk.server"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_COMPILED,
            auto_reload=False,  # or each page looks at the file of each template that it is made of
        )
        self._environment.globals.update(
            t=texts,
            rt=recovery_texts,
            gt=registration_texts,
            pt=pairing_texts,
            look=look,
            static=self.static,
            logo=self.logo,
        )

    def load(self) -> None:
        """Compile every template now, so that no customer waits for it; may run in a thread."""
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def page(self, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
        """The page of `template`, which names its own title."""
        return HTMLResponse(self._environment.get_template(template).render(context), status_code=status)

    def static(self, name: str) -> str:
        """The address of a file of ours, which changes with what it holds."""
        return self._static[name]

    @property
    def logo(self) -> str:
        """The address of the company's logo; empty where there is none."""
        return f"/logo/{self.look.logo.hash}" if self.look.logo else ""

    def file(self, hash_: str, name: str) -> Response | None:
        """A file of ours; None for any other hash or name."""
        content = self._assets.get(name)
        if content is None or hash_ != _hash(content):
            return None
        return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers={"Cache-Control": _FOR_GOOD})

    def picture(self, hash_: str) -> Response | None:
        """The company's logo; None for any other hash."""
        logo = self.look.logo
        if logo is None or hash_ != logo.hash:
            return None
        return Response(logo.content, media_type=logo.media_type, headers={"Cache-Control": _FOR_GOOD})


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
