"""Lists, result files, progress and the run over a list, each by itself: what a whole program shows only by luck."""

from __future__ import annotations

import asyncio
import io
import stat
from pathlib import Path

import pytest

from csrdesk.cli.bulk_list import Account, AccountList, WrongListError, read_list
from csrdesk.cli.bulk_progress import Progress, in_words
from csrdesk.cli.bulk_results import Came, Line, Results
from csrdesk.cli.bulk_run import IN_A_ROW, BulkRun
from csrdesk.errors import ConflictError, InvalidValueError


def read(data: bytes, column: str = "") -> AccountList:
    return read_list(io.BytesIO(data), column, lambda _: None)


def names(data: bytes, column: str = "") -> list[tuple[int, str]]:
    return [(account.line, account.identifier) for account in read(data, column).to_do()]


def problems(data: bytes, column: str = "") -> tuple[str, ...]:
    with pytest.raises(WrongListError) as caught:
        read(data, column)
    return caught.value.problems


@pytest.mark.parametrize(
    "data",
    [
        b"ada\nbruno\n",
        b"ada\r\nbruno",
        b"username\nada\nbruno\n",
        b"\xef\xbb\xbfUserName;Note\nada;x\nbruno;y\n",
        b"Note\tE-Mail\nx\tada\ny\tbruno\n",
        b'"why","username"\n"a, b","ada"\n"""q""","bruno"\n',
        b"\n  \n;;\nada\n\nbruno\n",
        b"ada\nADA\n ada \nbruno\n",
    ],
    ids=["plain", "crlf", "heading", "bom-semicolons", "tabs", "quotes", "blank-lines", "duplicates"],
)
def test_lists_as_people_save_them_name_the_same_accounts(data: bytes) -> None:
    assert [name for _, name in names(data)] == ["ada", "bruno"]


def test_a_list_says_what_it_left_out_and_which_one_it_was() -> None:
    found = read(b"username\nada\n\nAda\n\n")
    assert (found.total, found.left, found.twice, found.blank, found.column) == (1, 1, 1, 2, "username")
    assert found.digest == read(b"username\nada\n\nAda\n\n").digest != read(b"ada\n").digest


def test_the_column_can_be_named_and_one_that_is_not_there_is_told() -> None:
    assert names(b"a,b\n1,ada\n", "B") == [(2, "ada")]
    assert problems(b"a,b\n1,2\n", "c") == ("no column is called c; there are: a, b",)
    assert problems(b"a,b\n1,2\n") == ("which column names the accounts? Say it with --column",)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"username\n\xff\xfe\n", "line 2: byte 1 is no UTF-8"),
        (b'username\n"ada\nbruno"\n', "line 2: its quotes do not fit"),
        (b"username,x\nada\n", "line 2: 1 columns, but the first line has 2"),
        (b"username,x\n,y\n", "line 2: it names nobody"),
        (b"username\na\x00b\n", "line 2: nobody is called that"),
        (b"username\n" + b"a" * 300 + b"\n", "line 2: nobody is called that"),
        (b"a" * 70_000, "line 1 is longer than 65536 bytes"),
        ("username\nada\n".encode("utf-16"), "it is UTF-16"),
        (b"username\n\n", "it names nobody"),
        (b"", "it names nobody"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_with_its_line(data: bytes, where: str) -> None:
    assert problems(data)[0].startswith(where)


def test_a_list_full_of_mistakes_names_the_first_and_counts_the_rest() -> None:
    with pytest.raises(WrongListError) as caught:
        read(b"username,x\n" + b"one\n" * 50)
    assert (len(caught.value.problems), caught.value.more) == (20, 30)


def test_a_list_longer_than_anybody_has_is_refused_without_reading_on() -> None:
    class Endless(io.RawIOBase):
        lines = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.lines += 1
            return b"user%d\n"[:size] % self.lines

    endless = Endless()
    with pytest.raises(WrongListError, match="split the list"):
        read_list(endless, "", lambda _: None, most=1000)  # type: ignore[arg-type]
    assert endless.lines == 1001


def line(number: int, name: str, came: Came = Came.DONE, what: str = "AD: disabled") -> Line:
    return Line(number, name, came, what, "", "p-1")


def test_a_result_file_is_its_owners_alone_and_taken_up_where_it_ended(tmp_path: Path) -> None:
    path, accounts = tmp_path / "r.csv", read(b"ada\nbruno\nchiara\n+44 1\n")
    results = Results.new(path, "disableUser")
    results.write("run", line(1, "ada"))
    results.write("run", line(2, "bruno", Came.FAILED))
    results.write("run", line(4, "+44 1", Came.REFUSED))
    results.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    Results.resumed(path, "disableUser", accounts).close()
    assert [account.identifier for account in accounts.to_do()] == ["bruno", "chiara"]
    again = Results.resumed(path, "disableUser", accounts)
    again.write("run-2", line(2, "bruno"))
    again.close()
    Results.resumed(path, "disableUser", accounts).close()
    assert [account.identifier for account in accounts.to_do()] == ["chiara"]


def test_r_47_no_cell_of_a_result_file_is_a_formula_or_more_than_text(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    results = Results.new(path, "disableUser")
    results.write("run", line(1, '=HYPERLINK("x")', what='+1\n\x1b[31m,\u202e"'))
    results.close()
    written = path.read_text("utf-8").splitlines()[1]
    assert '"\'=HYPERLINK(""x"")"' in written
    assert "\"'+1" in written
    assert not {"\x1b", "\u202e"} & set(written)


def test_a_line_that_a_crash_cut_short_is_taken_away(tmp_path: Path) -> None:
    path, accounts = tmp_path / "r.csv", read(b"ada\nbruno\n")
    results = Results.new(path, "disableUser")
    results.write("run", line(1, "ada"))
    results.close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'"2030","disableUser","2","bru')
    Results.resumed(path, "disableUser", accounts).close()
    assert path.read_bytes() == whole
    assert [account.identifier for account in accounts.to_do()] == ["bruno"]


def test_a_file_that_does_not_belong_to_the_list_is_not_gone_on_with(tmp_path: Path) -> None:
    path, other = tmp_path / "r.csv", tmp_path / "other.csv"
    results = Results.new(path, "disableUser")
    results.write("run", line(1, "ada"))
    results.close()
    other.write_text("something else\n", "utf-8")
    for file, act, why in (
        (other, "disableUser", "is no result file"),
        (path, "enableUser", "the result of something else"),
        (path, "disableUser", "names ada, whom this list does not"),
        (tmp_path / "none.csv", "disableUser", "cannot be opened"),
    ):
        with pytest.raises(InvalidValueError, match=why):
            Results.resumed(file, act, read(b"bruno\n"))
    with pytest.raises(ConflictError, match="--resume"):
        Results.new(path, "disableUser")
    with pytest.raises(InvalidValueError, match="cannot be written"):
        Results.new(tmp_path / "no" / "r.csv", "disableUser")


def test_a_result_file_that_nothing_came_into_is_taken_away_again(tmp_path: Path) -> None:
    Results.new(tmp_path / "r.csv", "disableUser").close()
    assert list(tmp_path.iterdir()) == []


def accounts(count: int) -> list[Account]:
    return [Account(number, f"user{number}") for number in range(count)]


def answering(came: Came, code: str = "") -> Line:
    return Line(1, "x", came, "why", code)


@pytest.mark.parametrize("came", [Came.FAILED, Came.HALF_DONE, Came.UNKNOWN])
async def test_what_fails_again_and_again_stops_the_run(came: Came) -> None:
    async def act(_: Account) -> Line:
        return answering(came, "unavailable")

    run = BulkRun(act, lambda _: None)
    await run.over(iter(accounts(100)), 1)
    assert (run.ended, run.code) == (IN_A_ROW, "unavailable")
    assert run.stopped.startswith(f"{IN_A_ROW} accounts in a row failed")


async def test_refusals_stop_nothing_and_a_success_begins_the_count_anew() -> None:
    came = iter([*[Came.FAILED] * 9, Came.DONE, *[Came.REFUSED] * 30, *[Came.FAILED] * 9, Came.REFUSED] * 2)

    async def act(_: Account) -> Line:
        return answering(next(came))

    run = BulkRun(act, lambda _: None)
    await run.over(iter(accounts(100)), 1)
    assert (run.ended, run.stopped) == (100, "")


async def test_r_61_a_run_stops_at_once_where_the_audit_cannot_be_written() -> None:
    async def act(_: Account) -> Line:
        return answering(Came.FAILED, "audit_unavailable")

    run = BulkRun(act, lambda _: None)
    await run.over(iter(accounts(100)), 1)
    assert (run.ended, run.stopped, run.code) == (1, "why", "audit_unavailable")


async def test_a_full_disk_stops_the_run_after_what_was_under_way() -> None:
    async def act(_: Account) -> Line:
        await asyncio.sleep(0)
        return answering(Came.DONE)

    def done(_: Line) -> None:
        raise OSError(28, "No space left on device")

    run = BulkRun(act, done)
    await run.over(iter(accounts(100)), 4)
    assert run.ended == 4
    assert "No space left on device" in run.stopped


async def test_a_defect_ends_the_run_once_the_others_have_ended() -> None:
    ended: list[Line] = []

    async def act(account: Account) -> Line:
        if account.line == 2:
            raise RuntimeError("a defect")
        await asyncio.sleep(0.05)
        return answering(Came.DONE)

    run = BulkRun(act, ended.append)
    with pytest.raises(RuntimeError):
        await run.over(iter(accounts(100)), 4)
    assert len(ended) == 2  # those that had begun


async def test_no_more_accounts_are_under_way_than_were_asked_for() -> None:
    now, most = 0, 0

    async def act(_: Account) -> Line:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        await asyncio.sleep(0.001)
        now -= 1
        return answering(Came.DONE)

    run = BulkRun(act, lambda _: None)
    await run.over(iter(accounts(50)), 5)
    assert (run.ended, most) == (50, 5)


def test_progress_is_a_line_now_and_then_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    clock = [0.0]
    progress = Progress(1000, now=lambda: clock[0])
    for ended in range(1, 301):
        clock[0] = ended / 10
        progress.tell(ended, ended // 100, held=4 if ended == 300 else 0)
    progress.end()
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "100 of 1,000, 10.0 a second, 90 s left, 1 not done".replace("90 s", "2 min"),
        "200 of 1,000, 10.0 a second, 80 s left, 2 not done",
        "300 of 1,000, 10.0 a second, 70 s left, 3 not done, PingOne asks for a pause: 4 s",
    ]


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (50, "50 s"), (240, "4 min"), (27_600, "7 h 40 min")])
def test_a_time_is_said_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
