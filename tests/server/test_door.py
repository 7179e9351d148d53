"""The inner door: pages of a process of their own show and take what pages at the desk itself do, and nothing else."""

from __future__ import annotations

import json
import statistics
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import httpx
import msgspec
import pytest
import trustme
from starlette.applications import Starlette

from bench.ranks import mann_whitney
from csrdesk.config import is_safe
from csrdesk.config.running import wrong_door
from csrdesk.errors import ConfigError, LinkOverError, UnexpectedAnswerError, UnreachableError
from csrdesk.flows import answers as a
from csrdesk.flows.doors import PublicView, View, Visitor
from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.flows.public_answers import EmailGiven
from csrdesk.flows.public_prompts import RecoveryCodePrompt
from csrdesk.model.secret import Secret
from csrdesk.server import pages, serve
from csrdesk.server.app import make_app
from csrdesk.server.door import MAX_BODY, NOBODY, Door, about, form_key
from csrdesk.server.look import Logo, Look
from csrdesk.server.recovery import RECOVERY
from csrdesk.server.registration import REGISTRATION
from csrdesk.server.signals import Signals
from csrdesk.server.through_door import DoorCustomers, DoorPublic, Way, check_version, look_of
from csrdesk.services import http
from csrdesk.wire import pages as w
from tests.samples import CUSTOMER
from tests.server.conftest import KEY, ORIGIN
from tests.server.customers import CALL_CODE, CODE, NOW, PASSCODE, SMS, TOTP, Customers
from tests.server.test_over import KINDS, over_links, timed
from tests.server.visitor import Visitor as AtBrowser

SECRET = Secret("the door's own secret, which is long enough")
LOOK = Look(
    "Example Health", "+1 555 0100", Logo(b"\x89PNG\r\n\x1a\n...", "image/png"), ("width: 3em",), "https://sign.example",
    Signals("https://signals.example/s.js", "sha384-" + "A" * 64, "env-1"),
)  # fmt: skip


@dataclass
class Public:
    """`PublicSession`: notes what it is asked."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    def offers(self, flow: str) -> bool:
        return flow == "account_recovery"

    async def begin(self, flow: str, browser: str, answer: Answer, *, source: str, visitor: Visitor) -> Secret:
        self.asked.append((flow, browser, answer, source, visitor))
        return Secret("page-1")

    async def resume(self, flow: str, token: str, browser: str, *, source: str) -> Secret:
        self.asked.append((flow, token, browser, source))
        return Secret("page-2")

    async def open(self, token: str, browser: str) -> PublicView:
        self.asked.append((token, browser))
        return PublicView(View("f", "account_recovery", 3, RecoveryCodePrompt(asked=2), shown=Secret("x")), NOW)

    async def answer(
        self, token: str, browser: str, answer: Answer, asked: int, *, source: str, visitor: Visitor
    ) -> PublicView:
        self.asked.append((token, browser, answer, asked, source, visitor))
        return await self.open(token, browser)


@pytest.fixture
def customers() -> Customers:
    return Customers(SMS, TOTP)


@pytest.fixture
def public() -> Public:
    return Public()


@pytest.fixture
def door(customers: Customers, public: Public) -> Door:
    told = about(LOOK, KEY, public_url=ORIGIN, spoken_address=True, offers=("account_recovery",))
    return Door(customers, public, lambda: told, SECRET)


@pytest.fixture
async def way(door: Door, tmp_path: Path) -> AsyncIterator[Way]:
    """Over a socket of this machine, as where both processes are on one."""
    path = str(tmp_path / "door")
    async with serve.serve(door.app(), serve.listen_locally(path, key="serve.door")):
        opened = Way(http.open_door(f"unix:{path}"), SECRET)
        yield opened
        await opened.close()


@pytest.fixture
async def app(way: Way) -> Starlette:
    told = await way.about()
    key = bytes.fromhex(told.form_key.reveal())
    look = msgspec.structs.replace(look_of(told), signals=None)
    return make_app(DoorCustomers(way), look, key=key, public_url=told.public_url, now=lambda: NOW)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        yield client


async def test_a_customer_is_verified_through_the_door(customers: Customers, client: httpx.AsyncClient) -> None:
    visitor = AtBrowser(client, customers.new_link())
    await visitor.open()
    await visitor.press("CodeGiven", code="000000")
    assert customers.links[visitor.path[3:]].tries == 4
    await visitor.press("CodeGiven", code=CODE)
    await visitor.press("DeviceChosen")
    answer = await visitor.press("PasscodeGiven", passcode=PASSCODE)
    link = customers.links[visitor.path[3:]]
    assert link.stage == "approved", answer.text
    assert [type(event) for event in link.events if isinstance(event, a.PasscodeGiven)] == [a.PasscodeGiven]


async def test_a_password_page_and_the_spoken_address_work_through_the_door(customers: Customers, way: Way) -> None:
    through = DoorCustomers(way)
    token = (await through.enter_code(Secret(CALL_CODE), "b", source="192.0.2.1", visitor=Visitor("UA"))).reveal()
    assert (await through.open(token, "b", fetch=False)).view.prompt is not None
    assert (customers.sources, customers.visitors) == (["192.0.2.1"], [Visitor("UA")])
    await through.opened_address("Phone/1")
    assert customers.address_opened == ["Phone/1"]
    page = customers.new_password_page("b")
    typed = a.NewPasswordTyped(Secret("Quiet-9-Tides"), Secret("Quiet-9-Tides"))
    await through.answer(page, "b", typed, source="192.0.2.9", visitor=Visitor("UA", Secret("signals")))
    assert customers.links[page].passwords == ["Quiet-9-Tides"]
    assert customers.visitors[-1] == Visitor("UA", Secret("signals"))


async def test_pages_that_customers_begin_work_through_the_door(public: Public, way: Way) -> None:
    through, visitor = DoorPublic(way, (await way.about()).offers), Visitor("UA", Secret("s"))
    assert (through.offers("account_recovery"), through.offers("registration")) == (True, False)
    email = EmailGiven("ada@mail.example")
    assert await through.begin("account_recovery", "b", email, source="192.0.2.1", visitor=visitor) == Secret("page-1")
    assert await through.resume("registration", "t", "b", source="192.0.2.1") == Secret("page-2")
    seen = await through.answer("t", "b", a.ResendChosen(), 2, source="192.0.2.1", visitor=visitor)
    assert seen == await through.open("t", "b") == await public.open("t", "b")
    assert public.asked[:3] == [
        ("account_recovery", "b", email, "192.0.2.1", visitor),
        ("registration", "t", "b", "192.0.2.1"),
        ("t", "b", a.ResendChosen(), 2, "192.0.2.1", visitor),
    ]


async def test_a_limit_is_said_with_its_time_through_the_door(customers: Customers, client: httpx.AsyncClient) -> None:
    customers.flooding.add("127.0.0.1")
    visitor = AtBrowser(client, customers.new_link())
    await visitor.open()
    answer = await visitor.press("CodeGiven", code=CODE)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "120")


def test_every_page_and_every_end_that_a_customer_gets_crosses_the_door() -> None:
    shown = {*pages.PROMPTS, *RECOVERY.templates, *REGISTRATION.templates}
    assert set(w.prompts().values()) == shown
    assert set(pages.ENDS) < set(w.outcomes().values())
    answers = [kind for union in (one.answers for one in shown) for kind in (get_args(union) or (union,))]
    assert set(w.answers().values()) == set(answers)
    for table, count in ((w.prompts(), len(shown)), (w.answers(), len(set(answers))), (w.outcomes(), 10)):
        assert len(table) == count


@pytest.mark.parametrize("prompt", CUSTOMER.values(), ids=CUSTOMER)
def test_a_prompt_is_the_same_at_the_other_end(prompt: Prompt) -> None:
    view = View("f", "flow", 7, prompt, working="", spoken_code=Secret("1"), shown=Secret("2"))
    crossed = w.decode(w.encode(w.shown(view)), w.Shown)
    assert w.view_of(crossed) == view


async def test_how_the_pages_look_crosses_the_door(way: Way) -> None:
    told = await way.about()
    assert look_of(told) == LOOK
    check_version(told)
    with pytest.raises(UnexpectedAnswerError, match="same csrdesk on both"):
        check_version(msgspec.structs.replace(told, version=99))


async def test_r_56_the_desks_own_key_does_not_cross_the_door(way: Way) -> None:
    told = w.encode(await way.about())
    assert form_key(KEY).hex().encode() in told
    assert KEY.hex().encode() not in told
    assert KEY not in told


async def test_r_56_without_the_doors_secret_nothing_is_reached_and_no_body_is_read(
    door: Door, customers: Customers
) -> None:
    body = w.encode(w.Open(Secret(customers.new_link()), Secret("b")))
    paths = [f"/pages/v1/{name}" for name in ("about", "open", "answer", "public/begin", "nothing-here")]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door.app()), base_url="http://desk") as stranger:
        for given in ({}, {"authorization": "Bearer x"}, {"authorization": SECRET.reveal()}):
            answers = [await stranger.post(path, content=body, headers=given) for path in paths]
            assert {(answer.status_code, answer.content) for answer in answers} == {(401, b"")}
        twice = [("authorization", f"Bearer {SECRET.reveal()}"), ("authorization", "Bearer x")]
        assert (await stranger.get(paths[0], headers=twice)).status_code == 401
    assert not any(link.fetched for link in customers.links.values())
    assert not door.is_used


async def test_what_is_no_answer_of_a_page_is_not_taken_at_the_door(door: Door, customers: Customers) -> None:
    token = customers.new_link()
    right = json.loads(w.encode(w.Form(Secret(token), Secret("b"), w.named(a.NotMeChosen()))))
    headers = {"authorization": f"Bearer {SECRET.reveal()}"}
    wrong: list[tuple[object, int]] = [
        (right | {"answer": {"kind": "replies.LinkConfirmed", "value": {}}}, 400),
        (right | {"answer": {"kind": "answers.DisableChosen", "value": {}}}, 400),
        (right | {"answer": {"kind": "answers.CodeGiven", "value": {}}}, 400),
        (right | {"token": 7}, 400),
        ("x" * (MAX_BODY + 1), 413),
        (right, 200),
    ]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door.app()), base_url="http://desk") as client:
        for body, status in wrong:
            answer = await client.post("/pages/v1/answer", json=body, headers=headers)
            assert answer.status_code == status, body
    assert [type(event) for event in customers.links[token].events] == [a.NotMeChosen]


async def test_json_in_json_without_end_is_refused_at_the_door_and_is_no_crash(
    door: Door, customers: Customers
) -> None:
    nested = b"[" * 30_000 + b"]" * 30_000
    token = customers.new_link().encode()
    form = b'{"token":"' + token + b'","browser":"b","answer":{"kind":"answers.CodeGiven","value":%b}}'
    headers = {"authorization": f"Bearer {SECRET.reveal()}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door.app()), base_url="http://desk") as client:
        for body in (nested, form % nested, form % (b'{"code":' + nested + b"}")):
            for path in ("answer", "open", "public/begin"):
                answer = await client.post(f"/pages/v1/{path}", content=body, headers=headers)
                assert answer.status_code == 400, path


async def test_a_desk_that_is_away_or_takes_no_such_secret_is_said(way: Way, tmp_path: Path) -> None:
    nobody = Way(http.open_door(f"unix:{tmp_path}/nobody"), SECRET)
    with pytest.raises(UnreachableError):
        await DoorCustomers(nobody).open("t", "b")
    other = Way(http.open_door(f"unix:{tmp_path}/door"), Secret("another secret"))
    with pytest.raises(ConfigError, match="door_secret_file"):
        await other.about()
    with pytest.raises(LinkOverError):
        await DoorCustomers(way).open("t" * 43, "b")
    for one in (nobody, other):
        await one.close()


async def test_a_desk_that_is_away_costs_a_page_with_a_reference_and_no_words_of_the_desk(
    customers: Customers, tmp_path: Path
) -> None:
    nobody = Way(http.open_door(f"unix:{tmp_path}/nobody"), SECRET)
    app = make_app(DoorCustomers(nobody), Look(), key=KEY, public_url=ORIGIN)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        answer = await client.get("/v/" + customers.new_link())
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text


async def test_r_44_a_door_with_a_wrong_certificate_is_not_gone_through(door: Door, tmp_path: Path) -> None:
    ca, stranger = trustme.CA(), trustme.CA()
    for one, name in ((ca, "ca"), (stranger, "stranger")):
        one.cert_pem.write_to_path(str(tmp_path / name))
    shown = ca.issue_cert("localhost")
    shown.private_key_pem.write_to_path(str(tmp_path / "key"))
    shown.cert_chain_pems[0].write_to_path(str(tmp_path / "cert"))
    certificate = serve.Certificate(str(tmp_path / "cert"), str(tmp_path / "key"))
    async with serve.serve(door.app(), serve.listen(), certificate) as port:
        for host, trusted, reached in (
            ("localhost", "ca", True), ("127.0.0.1", "ca", False), ("localhost", "stranger", False)
        ):  # fmt: skip
            way = Way(http.open_door(f"https://{host}:{port}", ca_file=str(tmp_path / trusted)), SECRET)
            if reached:
                assert (await way.about()).company == "Example Health"
            else:
                with pytest.raises(UnreachableError, match="certificate"):
                    await way.about()
            await way.close()


async def test_r_17_links_that_open_nothing_look_alike_through_the_door(customers: Customers, app: Starlette) -> None:
    paths = await over_links(customers, app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as stranger:
        answers = [await stranger.get(path) for path in paths.values()]
    assert {(answer.status_code, answer.text) for answer in answers} == {(410, answers[0].text)}
    assert len({str(sorted(answer.headers.multi_items())) for answer in answers}) == 1


async def test_r_17_links_that_open_nothing_take_as_long_through_the_door(customers: Customers, app: Starlette) -> None:
    """As at the desk itself (`test_over`), with fewer requests, because each is two: some four seconds."""
    paths = await over_links(customers, app)
    medians: dict[str, float] = {}
    async with serve.serve(app, serve.listen()) as port:
        for _ in range(3):
            times = await timed(f"http://127.0.0.1:{port}", paths, 250)
            medians = {kind: statistics.median(times[kind]) for kind in KINDS}
            assert max(medians.values()) - min(medians.values()) < 0.005, medians
            if min(mann_whitney(times["unknown"], times[kind]) for kind in KINDS[1:]) > 0.01:
                return
    raise AssertionError(f"told apart by time: {medians}")


def test_a_path_where_nobody_listens_any_more_is_taken_over_and_another_is_not(tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    with serve.listen_locally(path, key="serve.door"), pytest.raises(ConfigError, match=r"serve\.door"):
        serve.listen_locally(path, key="serve.door")
    assert Path(path).stat().st_mode & 0o777 == 0o660
    serve.listen_locally(path, key="serve.door").close()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(ConfigError):
        serve.listen_locally(str(tmp_path / "file"), key="serve.door")
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize(
    ("door", "right"),
    [
        ("unix:/run/csrdesk/door", True),
        ("https://desk.example:8444", True),
        ("http://127.0.0.1:8444", True),
        ("unix:run/door", False),
        ("http://desk.example:8444", False),
        ("https://desk.example/door", False),
        ("https://me@desk.example", False),
        ("desk.example", False),
    ],
)
def test_r_44_a_door_is_on_this_machine_or_over_tls(door: str, right: bool) -> None:
    assert (wrong_door(door, is_safe) == "") is right


async def test_a_door_counts_as_used_once_pages_asked_for_the_desk(door: Door, way: Way) -> None:
    assert not door.is_used
    await way.about()
    assert door.is_used
    assert "--role pages" in NOBODY
