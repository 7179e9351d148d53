"""`csrdesk config`, the example it writes, and what a wrong file says: file, key, what to do."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from csrdesk.cli.config import example
from csrdesk.config import Settings, check, load, notes
from csrdesk.config.loading import decode
from csrdesk.errors import ConfigError
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
MINIMAL = '[pingone]\nenvironment_id = "e"\nclient_id = "c"\n'
VARIABLES = """flowCompanyLogo p1MFAPolicyId p1AgreementId p1RiskPolicyIdAuthn p1RiskPolicyIdAR p1RiskPolicyIdReg
    protectRiskEvalId authMethod flowProtectAnalysisRequired ciam_accountRecoveryEnabled ciam_appleEnabled
    ciam_facebookEnabled ciam_googleEnabled ciam_magicLinkEnabled ciam_agreementEnabled ciam_protectAnalysisRequired
    ciam_logoUrl ciam_companyName ciam_logoStyle ciam_requireMFA flowRequireMFA flowMethod""".split()  # noqa: SIM905
AT_RUN_TIME = {"protectRiskEvalId", "authMethod", "flowMethod"}


@pytest.fixture
def settings_file(home: Path) -> Path:
    return home / ".config" / "csrdesk" / "config.toml"


def keys() -> list[tuple[str, str]]:
    found = []
    for section in msgspec.structs.fields(Settings):
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            found += [(section.encode_name, key.encode_name) for key in msgspec.structs.fields(section.type)]
    return found


def test_the_example_is_a_settings_file_that_can_be_used() -> None:
    settings = decode(tomllib.loads(example()))
    check(settings)
    assert settings == msgspec.convert({"pingone": msgspec.to_builtins(settings.pingone)}, Settings)


def test_every_commented_key_of_the_example_is_valid_and_shows_its_default() -> None:
    shown = re.sub(r"^# (?=\w+ = )", "", example(), flags=re.MULTILINE)
    settings = decode(tomllib.loads(shown))
    check(settings)
    usual, here = defaults(), tables(settings)
    differing = {f"{section}.{key}" for section, key in keys() if here[section][key] != tables(usual)[section][key]}
    # What has no default that would do stands there as an example instead.
    assert differing == {
        "pingone.environment_id",
        "pingone.client_id",
        "mail.host",
        "mail.sender",
        "desk.public_url",
        "desk.server",
        "desk.api_url",
        "desk.phone",
        "desk.alert_to",
        "desk.agents",
        "flow.flowRequireMFA",
        "flow.ciam_requireMFA",
        "flow.flowProtectAnalysisRequired",
    }


def tables(settings: Settings) -> dict[str, dict[str, object]]:
    raw = msgspec.to_builtins(settings) | {"demo": {}, "mailbox_url": {}}
    return msgspec.convert(raw, dict[str, dict[str, object]])


def defaults() -> Settings:
    return decode(tomllib.loads(MINIMAL))


@pytest.mark.parametrize(("section", "key"), keys(), ids=".".join)
def test_the_example_names_every_key_in_its_section(section: str, key: str) -> None:
    part = example().split(f"\n[{section}]\n", 1)[1].split("\n[", 1)[0]
    assert re.search(rf"^(# )?{key} = ", part, re.MULTILINE)


def test_the_example_names_the_two_keys_above_all_sections() -> None:
    assert re.search(r'^#   demo = false\n#   mailbox_url = ""$', example(), re.MULTILINE)


def test_all_22_variables_of_the_main_flow_stand_in_the_example() -> None:
    assert len(VARIABLES) == 22
    assert [name for name in VARIABLES if name not in example()] == []
    flow = {key for section, key in keys() if section == "flow"}
    assert set(VARIABLES) - flow == AT_RUN_TIME
    for name in AT_RUN_TIME:
        assert re.search(rf"^#   {name}\b", example(), re.MULTILINE)


def test_the_example_stands_at_the_top_of_the_project_too() -> None:
    assert (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8") == example()


@pytest.mark.parametrize(
    "switch",
    [
        "ciam_appleEnabled",
        "ciam_facebookEnabled",
        "ciam_googleEnabled",
    ],
)
def test_a_switch_that_is_not_built_yet_is_an_error_and_not_ignored(tmp_path: Path, switch: str) -> None:
    assert _wrong(tmp_path, f"{MINIMAL}[flow]\n{switch} = true\n").key == f"flow.{switch}"


def test_terms_need_their_id_and_domains_are_domains(tmp_path: Path) -> None:
    assert _wrong(tmp_path, f"{MINIMAL}[flow]\nciam_agreementEnabled = true\n").key == "flow.p1AgreementId"
    no_domain = f'{MINIMAL}[registration]\nno_domains = ["not a domain"]\n'
    assert _wrong(tmp_path, no_domain).key == "registration.no_domains"
    for key in ("domains", "no_domains"):
        wrong = _wrong(tmp_path, f'{MINIMAL}[registration]\n{key} = ["no domain"]\n')
        assert wrong.key == f"registration.{key}"


def test_the_one_way_to_verify_cannot_be_switched_off(tmp_path: Path) -> None:
    assert _wrong(tmp_path, f"{MINIMAL}[flow]\nciam_magicLinkEnabled = false\n").key == "flow.ciam_magicLinkEnabled"


def _wrong(tmp_path: Path, text: str) -> ConfigError:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in caught.value.message
    assert caught.value.file == str(path)
    return caught.value


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("x = 1\n" + MINIMAL, "x", "no such key"),
        ("[colours]\n" + MINIMAL, "colours", "Known: pingone, directory, mail"),
        (MINIMAL + "[limits]\nlink_second = 100\n", "limits.link_second", "Did you mean link_seconds?"),
        (MINIMAL + 'client_secret = "x"\n', "pingone.client_secret", "file of mode 0600"),
        (MINIMAL + '[mail]\npassword = "x"\n', "mail.password", "mail.password_file"),
        (MINIMAL + '[limits]\nlink_seconds = "150"\n', "limits.link_seconds", "Text does not fit here"),
        (MINIMAL + '[limits]\nlink_seconds = "150"\n', "limits.link_seconds", "a whole number from 30 to 600, without"),
        (MINIMAL + '[mail]\nport = "25"\n', "mail.port", "Write a whole number from 1 to 65535, without quotes."),
        (MINIMAL + "[desk]\nphone = 5\n", "desk.phone", "A whole number does not fit here. Write text in quotes."),
        (MINIMAL + '[flow]\nciam_requireMFA = "no"\n', "flow.ciam_requireMFA", "Write true or false, without quotes."),
        (MINIMAL + '[directory]\nkind = "foo"\n', "directory.kind", '"foo" cannot be chosen. Write "ad" or "none" or'),
        (MINIMAL + '[directory]\nmatch = ["mial"]\n', "directory.match[0]", 'Write "employeeID" or "mail" or'),
        (MINIMAL + '[directory]\nmatch = "mail"\n', "directory.match", "Write a list in brackets"),
        (MINIMAL + "[passwords]\npassword_authority_of = { a = 1 }\n", "passwords.password_authority_of", '"both"'),
        ("mail = 3\n" + MINIMAL, "mail", "Write a table: its name in brackets"),
        (MINIMAL + "[mail]\ntimeout_seconds = 0\n", "mail.timeout_seconds", "a number above 0 and up to 300"),
        (MINIMAL + '[limits]\nenable_otherwise_ask = ""\n', "limits.enable_otherwise_ask", "of 1 to 80 characters"),
        ('mailbox_url = "http://127.0.0.1:1/mailbox"\n' + MINIMAL, "mailbox_url", "leave this key out"),
        (MINIMAL + "[limits]\nlink_seconds = 601\n", "limits.link_seconds", "from 30 to 600"),
        (MINIMAL + "[limits]\nverified_minutes = 61\n", "limits.verified_minutes", "from 5 to 60"),
        (MINIMAL + "[limits]\nlink_total_seconds = 100\n", "limits.link_total_seconds", "not be less"),
        ('[pingone]\nclient_id = "c"\n', "pingone.environment_id", "required"),
        ("", "pingone", "required"),
        (MINIMAL + '[flow]\nallowedDeviceTypes = ["FAX"]\n', "flow.allowedDeviceTypes", "'FAX'"),
        ("demo = true\n" + MINIMAL, "demo", "sandbox on this machine"),
        (MINIMAL + '[desk]\nalert_to = "the leads"\n', "desk.alert_to", "one mail address"),
        (MINIMAL + '[desk]\nalert_to = "a@b.example, c@d.example"\n', "desk.alert_to", "one mail address"),
        (MINIMAL + '[keys]\ndisabel = "k"\n', "keys.disabel", "Did you mean disable?"),
        (MINIMAL + '[keys]\nfoo = "k"\n', "keys.foo", "Known: help, calls, call_before"),
        (MINIMAL + '[keys]\ndisable = "super+k"\n', "keys.disable", "'super+k' cannot be. A letter but q, ctrl+"),
        (MINIMAL + '[keys]\ndisable = "ctrl+m"\n', "keys.disable", "'ctrl+m' cannot be"),
        (MINIMAL + '[keys]\nconfirm = "y"\n', "keys.confirm", "would be typed"),
        (MINIMAL + '[keys]\nback = "e"\n', "keys.back", "the key of end_call already"),
        (MINIMAL + '[keys]\nend_call = "b"\n', "keys.end_call", "the key of back already"),
        ("not toml", "", "is not TOML"),
    ],
)
def test_a_wrong_file_names_the_file_the_key_and_what_to_do(tmp_path: Path, text: str, key: str, hint: str) -> None:
    error = _wrong(tmp_path, text)
    assert error.key == key
    assert hint in error.message


@pytest.mark.parametrize("key", ["server", "api_url"])
@pytest.mark.parametrize("url", ["http://desk.example", "https://desk.example/", "https://u:p@desk.example"])
def test_r_44_a_token_goes_to_an_https_origin_alone(tmp_path: Path, key: str, url: str) -> None:
    assert _wrong(tmp_path, f'{MINIMAL}[desk]\n{key} = "{url}"\n').key == f"desk.{key}"


def test_the_desk_api_has_an_origin_of_its_own(tmp_path: Path) -> None:
    same = 'public_url = "https://desk.example"\napi_url = "https://desk.example"\n'
    assert _wrong(tmp_path, f"{MINIMAL}[desk]\n{same}").key == "desk.api_url"


def test_a_machine_whose_desk_is_elsewhere_needs_no_pingone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[desk]\nserver = "https://desk-api.example"\n', "utf-8")
    assert load(path).pingone.environment_id == ""


def test_keys_can_change_places(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'{MINIMAL}[keys]\nback = "d"\ndisable = "b"\n', "utf-8")
    assert load(path).keys.changed == {"back": "d", "disable": "b"}


@pytest.mark.parametrize(
    "url",
    ["http://desk.example", "desk.example", "ftp://desk.example", "https://desk.example/", "https://desk.example/a",
     "https://u:p@desk.example", "https://[::1", "http://10.0.0.1:80"],
)  # fmt: skip
def test_r_14_a_public_url_that_is_no_https_origin_is_refused(tmp_path: Path, url: str) -> None:
    assert _wrong(tmp_path, f'{MINIMAL}[desk]\npublic_url = "{url}"\n').key == "desk.public_url"


@pytest.mark.parametrize("url", ["https://desk.example", "https://desk.example:8443", "http://localhost:8000"])
def test_r_14_https_anywhere_and_http_on_this_machine_are_taken(tmp_path: Path, url: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'{MINIMAL}[desk]\npublic_url = "{url}"\n')
    assert load(path).desk.public_url == url


def test_the_page_of_a_recovery_leads_to_signing_in_by_https_alone(tmp_path: Path) -> None:
    wrong = f'{MINIMAL}[recovery]\nsign_on_url = "http://signin.example.com"\n'
    assert _wrong(tmp_path, wrong).key == "recovery.sign_on_url"


def test_it_is_said_at_the_start_that_strangers_can_have_accounts_disabled(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    disabling = '[recovery]\ndisable_for = ["BOT_MITIGATION"]\n'
    words = "recovery.disable_for names BOT_MITIGATION: strangers can disable accounts."
    path.write_text(f"{MINIMAL}{disabling}")
    assert words not in notes(load(path))
    path.write_text(f"{MINIMAL}{disabling}[flow]\nciam_accountRecoveryEnabled = true\n")
    assert words in notes(load(path))
    assert _wrong(tmp_path, f'{MINIMAL}[recovery]\ndisable_for = ["HIGH"]\n').key == "recovery.disable_for[0]"


@pytest.mark.parametrize("key", ["api_url", "auth_url"])
def test_r_44_pingone_in_clear_text_is_refused(tmp_path: Path, key: str) -> None:
    assert _wrong(tmp_path, f'{MINIMAL}{key} = "http://api.pingone.example/v1"\n').key == f"pingone.{key}"


def test_blanks_around_device_types_are_trimmed() -> None:
    raw = tomllib.loads(MINIMAL + '[flow]\nallowedDeviceTypes = [" SMS ", "TOTP"]\n')
    settings = decode(raw)
    check(settings)
    assert settings.flow.device_types == ("SMS", "TOTP")


def test_init_writes_the_example_for_its_owner_alone_and_never_overwrites(run: Run, settings_file: Path) -> None:
    first = run("config", "init", "--json")
    assert (first.code, first.data) == (0, {"path": str(settings_file)})
    assert settings_file.read_text("utf-8") == example()
    assert stat.S_IMODE(settings_file.stat().st_mode) == 0o600
    settings_file.write_text("mine")
    again = run("config", "init", "--json")
    assert (again.code, again.error["code"]) == (1, "conflict")
    assert settings_file.read_text() == "mine"


def test_check_names_a_missing_secret_its_file_its_key_and_what_to_do(run: Run, settings_file: Path) -> None:
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text(MINIMAL + 'client_secret_file = "/nowhere/secret"\n')
    ran = run("config", "check", "--json")
    assert (ran.code, ran.error["code"]) == (2, "config")
    assert "/nowhere/secret" in ran.error["errorMessage"]
    assert "pingone.client_secret_file" in ran.error["errorMessage"]
    assert str(settings_file) in ran.error["errorMessage"]


def test_a_secret_that_is_nowhere_names_the_settings_the_key_and_what_to_do(run: Run, settings_file: Path) -> None:
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text(MINIMAL)
    for words in (["config", "check"], ["user", "show", "ada"]):
        ran = run(*words, "--json")
        assert (ran.code, ran.error["code"]) == (2, "config")
        message = ran.error["errorMessage"]
        assert message.startswith(f"{settings_file}: pingone.client_secret_file: There is no keyring here")
        assert "name a file in pingone.client_secret_file" in message


def test_check_says_what_is_allowed_and_yet_worth_knowing(
    run: Run, settings_file: Path, memory_keyring: dict[tuple[str, str], str]
) -> None:
    memory_keyring["csrdesk", "pingone-client-secret"] = "s3cret"
    settings_file.parent.mkdir(parents=True)
    settings_file.write_text(MINIMAL)
    ran = run("config", "check", "--json")
    assert ran.code == 0, ran.out
    notes = " ".join(ran.data["notes"])
    assert "desk.public_url is empty" in notes
    assert "runs on this one machine" in notes
    assert "s3cret" not in ran.out + ran.err


def test_another_file_can_be_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSRDESK_CONFIG", str(tmp_path / "other.toml"))
    assert run("config", "path", "--json").data == {"path": str(tmp_path / "other.toml"), "exists": False}


def test_settings_of_pages_are_checked_as_such_and_no_desk_is_opened_with_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, file = tmp_path / "secret", tmp_path / "pages.toml"
    secret.touch(0o600)
    file.write_text(f'[pages]\ndoor = "unix:/run/csrdesk/door"\ndoor_secret_file = "{secret}"\n')
    monkeypatch.setenv("CSRDESK_CONFIG", str(file))
    for content, code in (("", 2), ("short", 2), ("x" * 32, 0)):
        secret.write_text(content)
        assert run("config", "check").code == code
    opened = run("call", "list", "--json")
    assert (opened.code, opened.error["code"]) == (2, "config")
    assert "--role pages" in opened.error["errorMessage"]
