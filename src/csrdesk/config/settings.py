"""Every key of the settings with its type, bounds and meaning: the reference page is written from these classes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from csrdesk.config.keys import KeySettings
from csrdesk.config.roles import ActName, RoleSettings
from csrdesk.config.running import AuditSinkSettings, LogSettings, ServeSettings
from csrdesk.config.sign_in import SignInSettings
from csrdesk.model.devices import ORDER
from csrdesk.model.passwords import Authority

Seconds = Annotated[float, Meta(gt=0, le=300)]
ExceptionAct = Literal["disable", "enable", "unlock", "expire", "must_change", "devices"]


class PingOneSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where PingOne is and who we are there: a worker application with the role Identity Data Admin."""

    environment_id: str
    """The environment's id, a UUID."""
    client_id: str
    """The worker application's client id."""
    api_url: str = "https://api.pingone.com/v1"
    """The API of your region, with its version."""
    auth_url: str = "https://auth.pingone.com"
    """The sign-on host of your region."""
    client_secret_file: str = ""
    """Empty: `CSRDESK_PINGONE_CLIENT_SECRET_FILE`, then the keyring."""
    timeout_seconds: Seconds = 10.0
    """For each request."""
    requests_per_second: Annotated[float, Meta(ge=2, le=10_000)] = 100.0
    """What your licence lets this machine's address ask. Acts on a list take half of it at most: calls go first."""


class DirectorySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The directory beside PingOne."""

    kind: Literal["none", "ad", "sandbox"] = "none"
    """`ad`: Active Directory over LDAP (needs `csrdesk[ad]`). `sandbox`: the directory of `csrdesk sandbox`."""
    controllers: tuple[str, ...] = ()
    """Of `ad`: its domain controllers. `ldaps://` is LDAPS; `ldap://` becomes TLS (or Kerberos' own sealing) first."""
    ca_file: str = ""
    """Of `ad`: a CA of your own (PEM); empty for the system's."""
    sign_in: Literal["password", "kerberos"] = "password"
    """Of `ad`: `kerberos` takes the ticket of the account that csrdesk runs as (`kinit`, or a keytab)."""
    ad_write_to: str = "pdc"
    """Of `ad`, where changes are made: `pdc` for the PDC emulator, `first` for the first controller, or an address."""
    match: tuple[Literal["employeeID", "mail", "userPrincipalName", "sAMAccountName"], ...] = ("employeeID",)
    """How an account is found for somebody whose `objectGUID` PingOne does not keep (as `accountId`): by `externalId`,
    `email`, or the user name twice. One that fits several, in either directory, is acted on in neither."""
    stamp_attribute: str = ""
    """An attribute that each change leaves agent, ticket and time in; csrdesk must be allowed to write it."""
    scope_ous: tuple[str, ...] = ()
    """Distinguished names; nobody at the desk acts on accounts elsewhere. Empty: the whole directory."""
    url: str = ""
    """Of `sandbox`: where it is."""
    user: str = ""
    """Whom csrdesk signs in as: for `ad` user@domain or a distinguished name, none with Kerberos."""
    password_file: str = ""
    """Empty: `CSRDESK_DIRECTORY_PASSWORD_FILE`, then the keyring."""
    timeout_seconds: Seconds = 10.0
    """For each request."""
    protected_groups: tuple[str, ...] = (
        "Domain Admins",
        "Enterprise Admins",
        "Schema Admins",
        "Administrators",
        "Account Operators",
    )
    """Nobody at the desk acts on members, by nesting too."""
    protected_ous: tuple[str, ...] = ()
    """Distinguished names; nobody at the desk acts on what is below them."""
    hold_groups: tuple[str, ...] = ()
    """Nobody at the desk enables members, by nesting too: leavers, or accounts that somebody investigates."""
    hold_ous: tuple[str, ...] = ()
    """Distinguished names; nobody at the desk enables what is below them."""

    @property
    def needs_password(self) -> bool:
        """Whether csrdesk signs in there with a password."""
        return self.kind == "sandbox" or (self.kind == "ad" and self.sign_in == "password")


class MailSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server, always over TLS."""

    host: str = ""
    """The server that takes mail from this machine."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    """587 for STARTTLS, 465 for TLS."""
    security: Literal["starttls", "tls"] = "starttls"
    """How the connection becomes TLS; in clear is not offered."""
    user: str = ""
    """Empty where the server asks for no sign-in."""
    password_file: str = ""
    """Empty: `CSRDESK_MAIL_PASSWORD_FILE`, then the keyring."""
    sender: str = ""
    """The address that customers see; one that they know."""
    ca_file: str = ""
    """A CA of your own (PEM); empty for the system's."""
    mails_per_second: Annotated[float, Meta(ge=0.1, le=1000)] = 10.0
    """What the server takes of this machine. Acts on a list take half of it at most: links go first."""
    timeout_seconds: Seconds = 15.0
    """For each mail: it is taken in that time, or shown as not sent."""


class DeskSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The desk itself: pages, people, data."""

    public_url: str = ""
    """The origin of the customers' pages as customers reach it; links use this alone."""
    listen_host: str = "127.0.0.1"
    """Where the pages are served on this machine; a reverse proxy with your certificate stands before it."""
    listen_port: Annotated[int, Meta(ge=0, le=65535)] = 8443
    """0 takes a free one."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose `X-Forwarded-For` is believed; without your proxy's, all customers seem to come from it."""
    server: str = ""
    """The desk that this machine's console and commands ask: the origin of its desk API. Empty: they are the desk."""
    api_url: str = ""
    """The origin of the desk API as agents' machines reach it, another than `public_url`. Empty: it is not served."""
    api_host: str = "127.0.0.1"
    """Where the desk API is served on this machine; a reverse proxy with your certificate stands before it."""
    api_port: Annotated[int, Meta(ge=0, le=65535)] = 8444
    """0 takes a free one."""
    data_dir: str = ""
    """Empty for the user's data folder."""
    key_file: str = ""
    """32 random bytes behind the spoken codes and form tokens. Empty: made in the data folder, mode 0600."""
    database: str = ""
    """Empty: a file in the data folder. Else the PostgreSQL that any number of servers share, as
    `postgresql://user@host/database`, without a password."""
    database_password_file: str = ""
    """Holds its password, mode 0600. Empty: `CSRDESK_DATABASE_PASSWORD_FILE`, then the keyring; none on a socket."""
    phone: str = ""
    """The number that customers call, as their page shows it."""
    agent_name: str = ""
    """The name customers read; empty for the operating system's."""
    agents: tuple[str, ...] = ()
    """Account names (in PingOne or AD) of those who work at this desk: nobody acts on them. Whoever did is known."""
    ticket_required: bool = False
    """Whether each look-up and each act needs a ticket's number."""
    second_agent_for: tuple[ActName, ...] = ()
    """Acts that another agent has to approve first. They are then done from the console alone, but for `devices`, whose
    command waits. With `protect` nobody closes an account at once, alone."""
    theme: Literal["dark", "light", "contrast"] = "dark"
    """What the console looks like at first; `contrast` keeps 7 to 1. With `NO_COLOR` set there are only greys."""
    script_identities: tuple[str, ...] = ()
    """Accounts of this operating system that may run `user enable` and `user disable` without any verified caller."""
    bulk_identities: tuple[str, ...] = ()
    """Accounts of this operating system that may run `user disable --from FILE`; `script_identities` may as well."""
    bulk_restore: bool = False
    """Whether the same accounts may enable and unlock from a file, too."""
    bulk_no_notify: bool = False
    """Whether they may leave out the mails to the people on a list (`--no-notify`)."""
    checkpoint_file: str = ""
    """Signed checkpoints of the audit; best on another disk. Empty: `checkpoints.jsonl` in the data folder."""
    alert_to: str = ""
    """Who is mailed when the audit has an alert: a protective disable, an exception, "this wasn't me", a limit, a
    broken chain."""
    apps_live_minutes: Annotated[int, Meta(ge=0, le=10_080)] = 60
    """How long apps stay signed in after every session was ended: the life of your access tokens. Agents read it."""
    windows_live_hours: Annotated[int, Meta(ge=0, le=168)] = 10
    """The same for Windows sign-ins: the life of your domain's Kerberos tickets."""
    log_file: str = ""
    """Empty: `csrdesk.log` in the data folder. It holds no secrets, and no names but those of agents' accounts."""


class PasswordSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who keeps the passwords that a reset sets."""

    password_authority: Authority = "auto"  # noqa: S105 - who keeps them, not a password
    """`auto` asks PingOne and offers no reset where both keep one; `ad`, `pingone`, or `both`: AD, then PingOne."""
    password_authority_of: dict[str, Authority] = field(default_factory=dict)
    """The same for single populations, by their name or id; the others follow `password_authority`."""

    def of(self, population: str, population_id: str) -> Authority:
        """For one population, whose id wins over its name."""
        chosen = self.password_authority_of
        return chosen.get(population_id) or chosen.get(population) or self.password_authority


class WaySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Ways to verify a caller beside the magic link, for those who cannot open their mailbox."""

    spoken_address: bool = True
    """One short address and a nine-digit code, both said by voice; the page then asks for a strong device."""
    push: Literal["auto", "on", "off"] = "auto"
    """A push that the agent leads, with a number to say. `auto`: where the MFA policy has number matching, and PingOne
    hands the number over. `on`: also where the policy cannot be read. A push without a number never counts."""
    call_back: bool = False
    """Whether PingOne may ring the number on record. Whoever has that number moved to another phone is verified."""

    exception: bool = False
    """Whether a lead may let acts be done for a caller who can show nothing at all. It needs agents who sign in, and
    some among them with role lead (`[roles]`)."""
    exception_gives: tuple[ExceptionAct, ...] = ()
    """What such an exception opens, and nothing else. Required with `exception`. A new password is never among it: it
    is typed on a page, which a link opens."""

    @property
    def any_other(self) -> bool:
        """Whether there is any way beside the magic link."""
        return self.spoken_address or self.push != "off" or self.call_back or self.exception


class ProtectSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """PingOne Protect: how it is asked, and what happens where it gives no answer."""

    when_down: Literal["step_up", "allow", "block"] = "step_up"
    """Where Protect is down or slow: `step_up` goes on with a strong device alone; `allow` as if nothing had been
    asked, which agent and audit are told; `block` approves nothing."""
    timeout_seconds: Annotated[float, Meta(ge=0.5, le=10)] = 3.0
    """How long a page waits for an evaluation."""
    signals_url: str = ""
    """Where the pages load PingOne's Signals script from; empty: not at all, and address and browser have to do."""
    signals_integrity: str = ""
    """The script's hash as browsers check it: `sha384-` and Base64; required with `signals_url`."""


class RecoverySettings(Struct, frozen=True, forbid_unknown_fields=True, rename={"limit": "ciam_recoveryLimit"}):
    """The page on which customers choose a new password by themselves (`flow.ciam_accountRecoveryEnabled`)."""

    limit: Annotated[int, Meta(ge=1, le=5)] = 5
    """Tries of code and password in one recovery: N means exactly N. PingOne takes five wrong codes."""
    disable_for: tuple[Literal["BOT_MITIGATION", "AITM_MITIGATION", "TEMP_EMAIL_MITIGATION"], ...] = ()
    """What PingOne Protect recommends that disables the account whose address was typed. Leave it empty unless you
    must: whoever behaves like a bot can then switch off anybody's account, once a day each. Empty, the visit is stopped
    and the owner of the address is mailed."""
    sign_on_url: str = ""
    """Where customers sign in: the page leads there at its ends. Empty: it leads nowhere."""


_REGISTRATION_NAMES = {"passwordless_required": "ciam_passwordlessRequired"}


class RegistrationSettings(Struct, frozen=True, forbid_unknown_fields=True, rename=_REGISTRATION_NAMES):
    """The page on which customers make an account by themselves."""

    enabled: bool = False
    """Whether anybody may register, at /register of the pages; they need a mailbox that they can read."""
    passwordless_required: bool = False
    """Nobody is asked for a password; a device is registered in its place."""
    domains: tuple[str, ...] = ()
    """Domains of mail addresses that may register, with those below them; empty for all."""
    no_domains: tuple[str, ...] = ()
    """Domains of mail addresses that may not."""
    code_tries: Annotated[int, Meta(ge=1, le=10)] = 5
    """Codes that may be typed for one address on one page: N means exactly N."""
    population_id: str = ""
    """The population of PingOne that new accounts belong to; empty for the environment's default one."""
    code_user_id: str = ""
    """A user of PingOne in whose name codes are mailed to addresses that nobody has yet, where an environment wants one
    named: PingOne's page on one-time devices does. An account of its own, that signs in nowhere. Empty for nobody."""


class LimitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Clocks in seconds and counts; values outside the bounds are refused at start."""

    link_seconds: Annotated[int, Meta(ge=30, le=600)] = 150
    """From the mail server's acceptance to the right code; one key gives the caller as much again."""
    link_total_seconds: Annotated[int, Meta(ge=30, le=600)] = 600
    """The most that a link lives, however often it is extended."""
    page_seconds: Annotated[int, Meta(ge=60, le=600)] = 600
    """From the right code to the last step of the page."""
    verified_minutes: Annotated[int, Meta(ge=5, le=60)] = 15
    """How long a caller counts as verified."""
    verified_calls: Annotated[int, Meta(ge=1, le=3)] = 3
    """Verified calls that an agent may have at once."""
    lock_seconds: Annotated[int, Meta(ge=60, le=180)] = 180
    """How long an agent may do nothing before the console locks itself."""
    lock_seconds_in_call: Annotated[int, Meta(ge=60, le=600)] = 600
    """The same while a caller's call is open."""
    codes_per_link: Annotated[int, Meta(ge=1, le=5)] = 5
    """Spoken codes that may be typed for one link."""
    codes_per_person_a_day: Annotated[int, Meta(ge=1, le=10)] = 10
    """Spoken codes that may be typed for one person in 24 hours, over all calls."""
    links_per_person_in_ten_minutes: Annotated[int, Meta(ge=1, le=10)] = 3
    """Links that may be sent to one person in ten minutes, by all agents."""
    links_per_person_a_day: Annotated[int, Meta(ge=1, le=50)] = 10
    """The same in 24 hours."""
    links_per_agent_an_hour: Annotated[int, Meta(ge=1, le=600)] = 60
    """Links that an agent may send in an hour."""
    look_ups_per_agent_an_hour: Annotated[int, Meta(ge=1, le=600)] = 60
    """People that an agent may look up in an hour, found or not."""
    passwords_per_page: Annotated[int, Meta(ge=3, le=100)] = 20
    """New passwords that may be tried on one page: each that is refused goes to the directory."""
    passcodes_per_link: Annotated[int, Meta(ge=1, le=20)] = 5
    """Passcodes that may be sent from the page of one link."""
    pushes_per_person_an_hour: Annotated[int, Meta(ge=1, le=20)] = 3
    """Requests that may be sent to one person's phone in an hour, by all agents."""
    wrong_posts_per_address: Annotated[int, Meta(ge=10, le=1000)] = 100
    """Wrong codes, passcodes and links that the pages take from one source address in ten minutes."""
    wrong_call_codes_per_address: Annotated[int, Meta(ge=1, le=20)] = 5
    """Wrong codes that the spoken address takes from one source address in ten minutes."""
    open_call_codes: Annotated[int, Meta(ge=1, le=100)] = 20
    """Callers who may have a code for the spoken address at once, at the whole desk: a guess meets each of them."""
    proof_age_hours: Annotated[int, Meta(ge=1, le=720)] = 72
    """A device, or a mail address, that is newer proves nobody yet."""
    approval_seconds: Annotated[int, Meta(ge=60, le=900)] = 300
    """How long an act of `desk.second_agent_for`, or an exception, waits for another agent's answer."""
    sign_in_minutes: Annotated[int, Meta(ge=1, le=720)] = 15
    """How old an agent's sign-in may be for a command that changes an account (`user disable`, `user reset`, ...)."""
    protective_disables_an_hour: Annotated[int, Meta(ge=0, le=5)] = 5
    """Disables without proof that an agent may make."""
    exceptions_an_hour: Annotated[int, Meta(ge=1, le=5)] = 5
    """Exceptions (`ways.exception`) that an agent may ask for, approved or not."""
    reset_needs_device: bool = False
    """Whether a caller without any registered device can have no new password: link and code are not enough then."""
    recoveries_per_address_in_ten_minutes: Annotated[int, Meta(ge=1, le=10_000)] = 5
    """Codes of recovery and registration that may be asked for with one mail address in ten minutes, whoever has it,
    resends among them."""
    recoveries_per_address_a_day: Annotated[int, Meta(ge=1, le=10_000)] = 15
    """The same in 24 hours."""
    recovery_tries_per_address_a_day: Annotated[int, Meta(ge=1, le=100)] = 15
    """Such codes that may be tried for one mail address in 24 hours, over all pages."""
    public_pages_per_source: Annotated[int, Meta(ge=1, le=10_000)] = 30
    """Recoveries and registrations that may be begun from one source address in ten minutes."""
    recovery_answer_seconds: Annotated[float, Meta(ge=0.1, le=10)] = 1.0
    """What each answer of these pages takes, so that known and unknown addresses take the same. Set it above what
    PingOne takes."""
    recovery_resend_seconds: Annotated[int, Meta(ge=5, le=300)] = 30
    """How long a customer waits before they can have another code of recovery or registration."""
    recovery_resends: Annotated[int, Meta(ge=0, le=10)] = 3
    """Codes sent again in one recovery."""
    risk_disables_per_person_a_day: Annotated[int, Meta(ge=1, le=10)] = 1
    """How often `recovery.disable_for` may disable one account in 24 hours."""
    not_me_freeze_hours: Annotated[int, Meta(ge=1, le=168)] = 4
    """How long nobody can verify as a person who said "this wasn't me"."""
    notice_seconds: Annotated[int, Meta(ge=10, le=600)] = 60
    """How long the mail about a change is tried; then it is shown as not sent."""
    enable_within_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """Agents enable what the desk itself disabled in that time, nothing else."""
    enable_otherwise_ask: Annotated[str, Meta(min_length=1, max_length=80)] = "whoever disabled it"
    """Whom agents are told to ask about any other account that is disabled: `the identity team, extension 4100`."""
    audit_years: Annotated[int, Meta(ge=6, le=100)] = 6
    """`csrdesk data purge` takes away no audit row that is younger, counted in years of 366 days."""
    resend_otp: Annotated[int, Meta(ge=0, le=10)] = 3
    """`resendOtpLimit`: passcodes sent again in one verification."""


FLOW_NAMES = {
    "company_logo": "flowCompanyLogo",
    "mfa_policy_id": "p1MFAPolicyId",
    "agreement_id": "p1AgreementId",
    "risk_policy_id_authn": "p1RiskPolicyIdAuthn",
    "risk_policy_id_ar": "p1RiskPolicyIdAR",
    "risk_policy_id_reg": "p1RiskPolicyIdReg",
    "protect_analysis_required": "flowProtectAnalysisRequired",
    "require_mfa": "flowRequireMFA",
    "ciam_account_recovery_enabled": "ciam_accountRecoveryEnabled",
    "ciam_apple_enabled": "ciam_appleEnabled",
    "ciam_facebook_enabled": "ciam_facebookEnabled",
    "ciam_google_enabled": "ciam_googleEnabled",
    "ciam_magic_link_enabled": "ciam_magicLinkEnabled",
    "ciam_agreement_enabled": "ciam_agreementEnabled",
    "ciam_protect_analysis_required": "ciam_protectAnalysisRequired",
    "ciam_logo_url": "ciam_logoUrl",
    "ciam_company_name": "ciam_companyName",
    "ciam_logo_style": "ciam_logoStyle",
    "ciam_require_mfa": "ciam_requireMFA",
    "allowed_device_types": "allowedDeviceTypes",
}
"""Ping's own spelling, which people who migrate search for."""


class FlowSettings(Struct, frozen=True, forbid_unknown_fields=True, rename=FLOW_NAMES):
    """The flow's variables under Ping's own names; `flow...` wins over `ciam_...`."""

    company_logo: str = ""
    """A PNG, JPEG or WebP for the customer's page: a file, or an https address that is fetched once at start."""
    mfa_policy_id: str = ""
    """The MFA policy for the desk's device authentications; empty for PingOne's default."""
    agreement_id: str = ""
    """The agreement of PingOne that customers accept when they register."""
    risk_policy_id_authn: str = ""
    """The risk policy set of PingOne Protect for callers; empty for the environment's default."""
    risk_policy_id_ar: str = ""
    """The same for account recovery."""
    risk_policy_id_reg: str = ""
    """The same for registration."""
    protect_analysis_required: bool | None = None
    """Whether PingOne Protect judges the browser of a caller whose code was right, before the device is asked. High
    risk, a bot, somebody in between or a throw-away address: nothing is approved. Unset:
    `ciam_protectAnalysisRequired`."""
    require_mfa: bool | None = None
    """Whether a caller without a registered device cannot be verified. Unset: `ciam_requireMFA`, else true where any
    other way than the magic link is on (`[ways]`)."""
    ciam_account_recovery_enabled: bool = False
    """Whether customers who forgot their password may choose a new one by themselves, at /recover of the pages."""
    ciam_apple_enabled: bool = False
    """Not built: true is refused."""
    ciam_facebook_enabled: bool = False
    """Not built: true is refused."""
    ciam_google_enabled: bool = False
    """Not built: true is refused."""
    ciam_magic_link_enabled: bool = True
    """The magic link is always among the ways: false is refused."""
    ciam_agreement_enabled: bool = False
    """Whether customers who register accept `p1AgreementId` before their account is complete."""
    ciam_protect_analysis_required: bool = False
    """As `flowProtectAnalysisRequired`, which wins."""
    ciam_logo_url: str = ""
    """As `flowCompanyLogo`, which wins."""
    ciam_company_name: str = "Help desk"
    """Who the customer's page and mail say they are from."""
    ciam_logo_style: str = ""
    """CSS declarations for the logo; sizes, margins and background only, the rest is dropped."""
    ciam_require_mfa: bool | None = None
    """As `flowRequireMFA`, which wins."""
    allowed_device_types: tuple[str, ...] = ORDER
    """Devices that may be used to verify."""

    @property
    def logo(self) -> str:
        """The file or https address of the logo, empty for none."""
        return self.company_logo or self.ciam_logo_url

    @property
    def chosen_mfa(self) -> bool | None:
        """`flowRequireMFA`, else `ciam_requireMFA`; None where neither is set."""
        return self.require_mfa if self.require_mfa is not None else self.ciam_require_mfa

    @property
    def protect_required(self) -> bool:
        """`flowProtectAnalysisRequired`, else `ciam_protectAnalysisRequired`."""
        chosen = self.protect_analysis_required
        return self.ciam_protect_analysis_required if chosen is None else chosen

    @property
    def device_types(self) -> tuple[str, ...]:
        """`allowedDeviceTypes` without blanks around the words."""
        return tuple(kind.strip() for kind in self.allowed_device_types)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a settings file can say."""

    pingone: PingOneSettings = PingOneSettings("", "")
    """Required, but on a machine whose desk is elsewhere (`desk.server`)."""
    directory: DirectorySettings = field(default_factory=DirectorySettings)
    mail: MailSettings = field(default_factory=MailSettings)
    desk: DeskSettings = field(default_factory=DeskSettings)
    passwords: PasswordSettings = field(default_factory=PasswordSettings)
    ways: WaySettings = field(default_factory=WaySettings)
    recovery: RecoverySettings = field(default_factory=RecoverySettings)
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    protect: ProtectSettings = field(default_factory=ProtectSettings)
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    roles: RoleSettings = field(default_factory=RoleSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    log: LogSettings = field(default_factory=LogSettings)
    audit_sink: AuditSinkSettings = field(default_factory=AuditSinkSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    flow: FlowSettings = field(default_factory=FlowSettings)
    demo: bool = False
    """Set by the demo alone: a sandbox on loopback, throw-away data."""
    mailbox_url: str = ""
    """Set by the demo alone: where its mails and phones are seen. The console shows it."""

    @property
    def must_have_mfa(self) -> bool:
        """As the flow's variables say; else true where somebody who cannot use the magic link has another way."""
        chosen = self.flow.chosen_mfa
        return self.ways.any_other if chosen is None else chosen
