"""The company's logo and its style: what is taken, and what is left out."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from csrdesk.config import DeskSettings, FlowSettings
from csrdesk.errors import ConfigError
from csrdesk.server.look import MAX_LOGO, Look, load_look
from csrdesk.server.render import Render
from csrdesk.server.style import declarations

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
DESK = DeskSettings(phone="+1 555 0100")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PNG, "image/png"), (b"\xff\xd8\xff\xe0...", "image/jpeg"), (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp")],
    ids=["png", "jpeg", "webp"],
)
async def test_r_15_a_logo_is_a_picture_by_its_first_bytes(tmp_path: Path, content: bytes, media_type: str) -> None:
    file = tmp_path / "logo.svg"
    file.write_bytes(content)
    look = await load_look(FlowSettings(company_logo=str(file)), DESK)
    assert look.logo
    assert look.logo.media_type == media_type
    assert look.phone == "+1 555 0100"


@pytest.mark.parametrize(
    "content",
    [b"<svg onload='alert(1)'/>", b"", b"GIF89a", PNG + bytes(MAX_LOGO), b"RIFF\x10\0\0\0WAVEfmt "],
    ids=["svg", "empty", "gif", "too large", "sound"],
)
async def test_r_15_anything_else_is_a_settings_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"logo\.png"):
        await load_look(FlowSettings(ciam_logo_url=str(file)), DESK)


@pytest.mark.parametrize("address", ["http://logo.example/a.png", "no/such/file.png", "file:///etc/hosts"])
async def test_r_15_a_logo_comes_from_a_file_or_over_https(address: str) -> None:
    with pytest.raises(ConfigError):
        await load_look(FlowSettings(company_logo=address), DESK)


async def test_no_logo_is_no_logo() -> None:
    assert (await load_look(FlowSettings(), DeskSettings())).logo is None


@pytest.fixture
def logo_host() -> Iterator[tuple[str, list[str], ssl.SSLContext]]:
    """A host with a CA of its own: its address, the paths that were asked for, and a context that trusts it."""
    fetched: list[str] = []

    class Pictures(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fetched.append(self.path)
            here = self.path == "/logo.png"
            self.send_response(200 if here else 302)
            self.send_header("Location", "/logo.png")
            self.end_headers()
            self.wfile.write(PNG if here else b"")

        def log_message(self, *_what: object) -> None:
            """Nothing on standard error."""

    class Host(ThreadingHTTPServer):
        def handle_error(self, *_what: object) -> None:
            """A client that hangs up is what one of the tests is about."""

    ca = trustme.CA()
    ours, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    ca.issue_cert("localhost").configure_cert(ours)
    ca.configure_trust(trusting)
    with Host(("127.0.0.1", 0), Pictures) as server:
        server.socket = ours.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"https://localhost:{server.server_port}", fetched, trusting
        server.shutdown()
        thread.join()


async def test_r_15_a_logo_over_https_is_fetched_once_and_follows_no_redirect(
    logo_host: tuple[str, list[str], ssl.SSLContext],
) -> None:
    host, fetched, trusting = logo_host
    look = await load_look(FlowSettings(company_logo=f"{host}/logo.png"), DESK, tls=trusting)
    assert look.logo
    assert look.logo.content == PNG
    assert fetched == ["/logo.png"]
    assert (await load_look(FlowSettings(company_logo=f"{host}/moved"), DESK, tls=trusting)).logo is None
    assert fetched == ["/logo.png", "/moved"]


async def test_r_44_a_logo_is_not_fetched_from_a_host_whose_certificate_is_not_trusted(
    logo_host: tuple[str, list[str], ssl.SSLContext],
) -> None:
    host, fetched, _ = logo_host
    assert (await load_look(FlowSettings(company_logo=f"{host}/logo.png"), DESK)).logo is None
    assert fetched == []


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("width: 65px; height: 65px;", ["width: 65px", "height: 65px"]),
        ("MAX-WIDTH : 50% ;margin:0 auto", ["max-width: 50%", "margin: 0 auto"]),
        (
            "padding: 4px 1.5em; border-radius: 8px; background-color: #FFF",
            ["padding: 4px 1.5em", "border-radius: 8px", "background-color: #fff"],
        ),
        (
            "background-color: rebeccapurple; margin-left: 1rem",
            ["background-color: rebeccapurple", "margin-left: 1rem"],
        ),
    ],
)
def test_r_15_the_logo_style_keeps_what_is_allowed(style: str, kept: list[str]) -> None:
    assert declarations(style) == (kept, [])


@pytest.mark.parametrize(
    "style",
    [
        "background: url(https://evil.example/x)",
        "background-color: url(x)",
        "background-color: expression(alert(1))",
        "width: calc(1px + 1px)",
        "width: 65px} body{display:none",
        "width: 65px /* */",
        "position: fixed",
        "margin: -999px",
        "width: 99999px",
        "height: var(--x)",
        "width",
        "@import 'x'",
        "width: 1px\\3b",
    ],
)
def test_r_15_the_logo_style_drops_what_is_not(style: str) -> None:
    assert declarations(style) == ([], [style])


def test_r_15_the_logo_style_reaches_the_style_sheet_and_nothing_inline() -> None:
    plain, styled = Render(Look()), Render(Look(logo_style=("width: 65px", "height: 65px")))
    name = styled.static("site.css").split("/")[2]
    served = styled.file(name, "site.css")
    assert served
    assert bytes(served.body).endswith(b".brand img { width: 65px; height: 65px; }\n")
    assert plain.static("site.css") != styled.static("site.css")
    assert b"style=" not in bytes(styled.page("over.html").body)


async def test_a_dropped_declaration_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    look = await load_look(FlowSettings(ciam_logo_style="width: 10px; position: fixed"), DeskSettings())
    assert look.logo_style == ("width: 10px",)
    assert "position: fixed" in caplog.text


def test_templates_that_were_compiled_before_show_each_company_its_own_name() -> None:
    for own, other in (("Example Health", "Example Bank"), ("Example Bank", "Example Health")):
        page = bytes(Render(Look(company=own)).page("over.html", status=410).body).decode()
        assert own in page
        assert other not in page
