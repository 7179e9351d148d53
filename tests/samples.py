"""One Ada, and one of every prompt by name (several where a prompt has faces): read by screens, snapshots and flows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from csrdesk.flows import desk_prompts as kp
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import exception_prompts as xp
from csrdesk.flows import hand_over_prompts as hp
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import password_reset as reset
from csrdesk.flows import prompts as p
from csrdesk.flows import spoken_prompts as sp
from csrdesk.flows import try_prompts as tp
from csrdesk.flows.act_words import EXPIRY
from csrdesk.flows.kernel import Prompt
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.agreements import Consent, ConsentState
from csrdesk.model.approvals import Approval
from csrdesk.model.devices import Age, Device, Strength
from csrdesk.model.grants import OF_AGENTS, AgentOnRecord, Role
from csrdesk.model.hand_overs import Colleague, HandOver
from csrdesk.model.link import Link, LinkAbout, LinkStage
from csrdesk.model.passwords import Home, Requirement
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act, Evidence, Proof
from csrdesk.model.recovery import Progress, Stage
from csrdesk.model.risk import Risk, RiskCheck, RiskLevel
from csrdesk.model.secret import Secret
from csrdesk.model.ways import Way, WayOffer

NOW = datetime(2026, 3, 4, 9, 10, 5, tzinfo=UTC)

ADA = Person(
    id="ada-1",
    username="ada.lovelace",
    given="Ada",
    family="Lovelace",
    email="a***a@e***.example",
    email_verified=True,
    population="Customers",
    population_id="pop-1",
    number_ending="41",
)
OTHER_ADA = Person(
    id="ada-2", username="ada.l2", given="Ada", family="Lovelace", email="a***2@m***.test", population="Partners"
)
HOSTILE = Person(
    id="bad-1",
    username="[bold red]root[/]",
    given="\x1b[31mRobert\x1b[0m",
    family="\u202etxet[/bold]; [link='x']Tables[/link]",
    email="*@*.(|(uid=*))",
    population="\x1b]0;owned\x07Customers",
    number_ending="$0",
)

PHONE = Device(id="sms-1", type="SMS", nickname="Ada's phone", address="+44 *** *** 43")
TOTP = Device(id="totp-1", type="TOTP", nickname="Authenticator")
APP = Device(id="app-1", type="MOBILE", nickname="Pixel")
OLD_APP = Device(id="app-2", type="MOBILE", nickname="Old phone")
PASSKEY = Device(id="fido-1", type="FIDO2", nickname="Laptop")
NEW_PASSKEY = replace(PASSKEY, age=Age.NEW, since=NOW - timedelta(hours=2), counts_from=NOW + timedelta(hours=70))
OLD_PHONE = replace(PHONE, since=NOW - timedelta(days=45))

CODE = Secret("417209")
CALL_CODE = Secret("417209553")

LINK = Link(
    id="link-1",
    rev=2,
    stage=LinkStage.SENT,
    reference="K7Q-2M9",
    to=ADA.email,
    expires_at=NOW + timedelta(seconds=107),
)
LINK_FETCHED = Link(
    id="link-1",
    rev=6,
    stage=LinkStage.SENT,
    reference="K7Q-2M9",
    to=ADA.email,
    attempt=2,
    expires_at=NOW + timedelta(seconds=24),
    extended=True,
    codes_left=1,
    fetched=2,
    fetched_by="Mozilla/5.0 (X11; Linux x86_64) MailScanner/4.1",
    fetched_at=NOW - timedelta(seconds=31),
)
SPOKEN = Link(
    id="link-2",
    rev=2,
    stage=LinkStage.SENT,
    reference="K7Q-2M9",
    to="desk.example.org/c",
    expires_at=NOW + timedelta(seconds=107),
)
SPOKEN_TYPED = Link(
    id="link-2",
    rev=5,
    stage=LinkStage.SENT,
    reference="K7Q-2M9",
    to="desk.example.org/c",
    expires_at=NOW + timedelta(seconds=24),
    extended=True,
    fetched=2,
    fetched_at=NOW - timedelta(seconds=31),
    wrong=1,
)
LINK_OPENED_TWICE = Link(
    id="link-1",
    rev=9,
    stage=LinkStage.CODE_RIGHT,
    reference="K7Q-2M9",
    to=ADA.email,
    page_until=NOW + timedelta(minutes=9, seconds=12),
    fetched=3,
    fetched_by="Firefox on Linux",
    fetched_at=NOW - timedelta(seconds=8),
    second_browser=True,
)

TRY = Link(
    id="try-1", rev=1, stage=LinkStage.SENT, reference="T4R-8K2", to="Pixel", expires_at=NOW + timedelta(seconds=128)
)
CALLED_BACK = Link(
    id="try-2",
    rev=1,
    stage=LinkStage.SENT,
    reference="C6W-3H9",
    to="+44 *** *** 43",
    expires_at=NOW + timedelta(seconds=113),
)
CALLED_BACK_LATE = Link(
    id="try-2",
    rev=6,
    stage=LinkStage.SENT,
    reference="C6W-3H9",
    to="+44 *** *** 43",
    expires_at=NOW + timedelta(seconds=21),
    extended=True,
    codes_left=1,
)

PASSWORD_PAGE = Link(
    id="page-1",
    rev=1,
    stage=LinkStage.CODE_RIGHT,
    reference="K7Q-2M9",
    to=ADA.email,
    page_until=NOW + timedelta(minutes=9, seconds=48),
)
PASSWORD_BEING_SET = Link(
    id="page-1",
    rev=4,
    stage=LinkStage.SETTING,
    reference="K7Q-2M9",
    to=ADA.email,
    page_until=NOW + timedelta(seconds=25),
    fetched=1,
)

EVIDENCE = Evidence(
    proofs=(Proof("ml", Strength.WEAK), Proof("totp", Strength.STRONG, "totp-1", "Authenticator")), registered=True
)
UNTIL = NOW + timedelta(minutes=12, seconds=31)

FINE = Account(
    pingone=PingOneAccount(
        enabled=True,
        password="EXTERNAL",
        email=ADA.email,
        email_verified=True,
        last_sign_on=NOW - timedelta(days=2),
    ),
    directory=DirectoryAccount(
        dn="CN=Ada,OU=People,DC=example,DC=test", username="ada.l", password_changed_at=NOW - timedelta(days=45)
    ),
)
AGREED = replace(
    FINE,
    pingone=PingOneAccount(
        enabled=True,
        password="EXTERNAL",
        email=ADA.email,
        email_verified=True,
        consent=Consent(ConsentState.ACCEPTED, NOW - timedelta(days=45)),
    ),
)
HALF = Account(
    pingone=PingOneAccount(
        enabled=True,
        locked=True,
        unlock_at=NOW + timedelta(minutes=20),
        password="MUST_CHANGE_PASSWORD",
        password_changed_at=NOW - timedelta(days=1),
        mfa_enabled=False,
        email=ADA.email,
    ),
    directory=DirectoryAccount(
        dn="CN=Ada,OU=People,DC=example,DC=test",
        username="ada.l",
        disabled=True,
        locked=True,
        expires_at=NOW - timedelta(days=3),
        expired=True,
        password_changed_at=NOW - timedelta(days=91),
        password_expired=True,
    ),
)
UNREAD = Account(pingone_problem="PingOne did not answer in time.", directory=FINE.directory)

PAGE = p.Page(until=UNTIL)
ABOUT = LinkAbout(challenge_id="link-1", reference="K7Q-2M9", agent_name="Sam Porter", account="A*** L***, ending 41")

ALONE = LinkAbout("page-1", "P4R-7TX", "", "A*** L***, ending 41", "to confirm that it is you")
"""A page without an agent on the other side."""

REQUIREMENTS = (
    Requirement("At least 10 characters", "min_length", 10),
    Requirement("At least 1 digit", "characters", 1, "0123456789"),
    Requirement("None of your last 6 passwords", "said"),
)

APPROVAL = Approval(
    "ap-1",
    "grace",
    "Grace Hopper",
    ADA,
    Act.RESET,
    "Forgot the password, and the phone is new.",
    "INC-1042",
    "recovery proof: link and code, no device",
    NOW - timedelta(seconds=40),
    NOW + timedelta(seconds=260),
)
OFFER = HandOver(
    "ho-1",
    "call-1",
    "grace",
    "Grace Hopper",
    "sam",
    "Sam Porter",
    ADA,
    "My shift ends. She wants her account closed, the phone was stolen.",
    NOW,
    NOW + timedelta(seconds=104),
    stage="verified",
    verified_until=UNTIL,
)
COLLEAGUES = (Colleague("grace", "Grace Hopper"), Colleague("hal", "Hal Incandenza"))
EXCEPTION = replace(
    APPROVAL,
    act=Act.EXCEPTION,
    reason="The phone was stolen with the bag, and the mailbox is only on that phone."
    " Her ward confirms that she calls.",
    shown="Nothing digital: nothing proves who is calling. Open for this caller: Magic link.",
    gives=(Act.UNLOCK, Act.DEVICES),
)
EXCEPTED = Evidence(
    (Proof("exception", Strength.NONE, label="exception, approved by Grace Hopper"),), gives=(Act.UNLOCK, Act.DEVICES)
)
GRACE_ON_RECORD = AgentOnRecord("grace", "Grace Hopper", (Role.AGENT,), NOW - timedelta(hours=2), NOW)
ENDED_ON_RECORD = AgentOnRecord("hal", "", (), NOW - timedelta(days=3), NOW, ended_by="lena")

AGENT: dict[str, Prompt] = {
    "username": p.UsernamePrompt(),
    "username_nobody": p.UsernamePrompt(
        ticket_required=True, ticket="HD-1042", note="Nobody was found by that. Check the spelling with the caller."
    ),
    "several_found": p.SeveralFoundPrompt(people=(ADA, OTHER_ADA, HOSTILE), more=True),
    "card": p.CardPrompt(person=ADA, devices=(PHONE, TOTP), ways=(WayOffer(Way.LINK, "link, code and device"),)),
    "card_without_device": p.CardPrompt(
        person=OTHER_ADA,
        devices=(),
        ways=(WayOffer(Way.LINK, "link and code: a recovery proof at most"),),
        warning="An MFA bypass is running for this person.",
        note="The customer could not use the device. Nothing was verified.",
    ),
    "card_every_way": p.CardPrompt(
        person=ADA,
        devices=(APP, PHONE),
        ways=(
            WayOffer(Way.LINK, why_not="The mail address on record is too new: a link to it proves nobody yet."),
            WayOffer(Way.SPOKEN_ADDRESS, "a strong device alone, in any browser"),
            WayOffer(Way.PUSH, "a strong device alone"),
            WayOffer(Way.CALL_BACK, "+44 *** *** 43: a weak proof, not for every act"),
        ),
    ),
    "card_two_ways": p.CardPrompt(
        person=ADA,
        devices=(APP,),
        ways=(
            WayOffer(Way.LINK, why_not="There is no mail address on record, so no link can be sent."),
            WayOffer(Way.SPOKEN_ADDRESS, "a strong device alone, in any browser"),
            WayOffer(Way.PUSH, "a strong device alone"),
        ),
    ),
    "unverifiable_card": p.UnverifiableCardPrompt(
        person=ADA,
        devices=(PASSKEY,),
        obstacles=("not supported yet",),
        why="A device is registered, and none can be used now.",
    ),
    "unverifiable_card_with_recovery": p.UnverifiableCardPrompt(
        person=ADA,
        devices=(PASSKEY,),
        obstacles=("blocked",),
        why="A device is registered, and none can be used now.",
        recovery=True,
    ),
    "unverifiable_card_frozen": p.UnverifiableCardPrompt(
        person=ADA,
        devices=(PHONE,),
        obstacles=("",),
        why="Verification of this person is frozen until 14:05 UTC: they, or their phone, said: this wasn't me.",
        note='The customer pressed "This wasn\'t me". Verification of this person is frozen. End the call politely.',
        frozen=True,
    ),
    "unverifiable_card_too_new": p.UnverifiableCardPrompt(
        person=ADA,
        devices=(NEW_PASSKEY,),
        obstacles=("registered too recently",),
        why="A device is registered, and none can be used now.",
        ways=(WayOffer(Way.LINK, why_not="A device is registered, and none can be used now."),),
    ),
    "card_with_ages": p.CardPrompt(
        person=ADA, devices=(OLD_PHONE, NEW_PASSKEY), ways=(WayOffer(Way.LINK, "link, code and device"),)
    ),
    "protected": p.ProtectedPrompt(
        name="Ada Lovelace", message="This account is protected. Nobody at the help desk acts on it."
    ),
    "cannot_verify": p.CannotVerifyPrompt(person=ADA),
    "card_with_recovery": p.CardPrompt(
        person=ADA, devices=(PHONE,), ways=(WayOffer(Way.LINK, "link, code and device"),), recovery=True
    ),
    "recovery_watch": p.RecoveryWatchPrompt(person=ADA, to=ADA.email, since=NOW),
    "recovery_watch_tried": p.RecoveryWatchPrompt(
        person=ADA,
        to=ADA.email,
        since=NOW,
        progress=Progress(Stage.CODE_SENT, NOW + timedelta(seconds=40), NOW + timedelta(seconds=50), tries=2),
        doubt="The address was never verified.",
    ),
    "recovery_watch_risk": p.RecoveryWatchPrompt(
        person=ADA,
        to=ADA.email,
        since=NOW,
        progress=Progress(
            Stage.CODE_SENT,
            NOW + timedelta(seconds=40),
            NOW + timedelta(seconds=50),
            risk=RiskCheck(Risk("r-1", RiskLevel.MEDIUM, "", "NEW_DEVICE")),
        ),
    ),
    "recovery_watch_stopped": p.RecoveryWatchPrompt(
        person=ADA,
        to=ADA.email,
        since=NOW,
        progress=Progress(
            Stage.REFUSED,
            NOW + timedelta(seconds=40),
            ended_at=NOW + timedelta(seconds=41),
            risk=RiskCheck(Risk("r-1", RiskLevel.HIGH, "BOT_MITIGATION", "NEW_DEVICE")),
        ),
    ),
    "username_invitable": p.UsernamePrompt(
        note="PingOne knows nobody by that. Who has no account yet can be invited at that address.",
        code="not_found",
        invitable=True,
    ),
    "registration_watch": p.RegistrationWatchPrompt(to="n***w@m***.example", since=NOW),
    "registration_watch_created": p.RegistrationWatchPrompt(
        to="n***w@m***.example",
        since=NOW,
        progress=Progress(Stage.CREATED, NOW + timedelta(seconds=40), NOW + timedelta(seconds=50), tries=2),
    ),
    "polling_risk": p.PollingPrompt(
        person=ADA, link=replace(LINK_OPENED_TWICE, risk=RiskCheck(Risk("r-1", RiskLevel.MEDIUM, "", "NEW_DEVICE")))
    ),
    "magic_link_form": p.MagicLinkFormPrompt(person=ADA, note="The link's time was up. Nothing was verified."),
    "polling": p.PollingPrompt(person=ADA, link=LINK),
    "polling_fetched": p.PollingPrompt(person=ADA, link=LINK_FETCHED, note="The clock cannot be extended again."),
    "polling_opened_twice": p.PollingPrompt(person=ADA, link=LINK_OPENED_TWICE),
    "phones": tp.PhonesPrompt(person=ADA, way=Way.PUSH, phones=(APP, OLD_APP)),
    "phones_warned": tp.PhonesPrompt(
        person=ADA,
        way=Way.CALL_BACK,
        phones=(Device("on-record", "VOICE", nickname="Number on record", address="+44 *** *** 43"),),
        note="3 links or calls went to this person in the last 24 hours. Choose once more if you are sure.",
        warned=True,
    ),
    "agent_push": tp.AgentPushPrompt(person=ADA, device=APP, number="42", link=TRY),
    "heard": tp.HeardPrompt(person=ADA, link=CALLED_BACK),
    "heard_wrong": tp.HeardPrompt(
        person=ADA,
        link=CALLED_BACK_LATE,
        note="That passcode is not right. Ask the caller to say it once more.",
    ),
    "address_form": sp.AddressFormPrompt(person=ADA, note="That code was ended."),
    "spoken_address": sp.SpokenAddressPrompt(person=ADA, link=SPOKEN),
    "spoken_address_typed": sp.SpokenAddressPrompt(
        person=ADA, link=SPOKEN_TYPED, note="The code cannot have more time."
    ),
    "account": p.AccountPrompt(
        person=ADA,
        account=FINE,
        evidence=EVIDENCE,
        verified_until=UNTIL,
        button_label="Disable",
        button_value="disableUser",
    ),
    "account_agreement": p.AccountPrompt(
        person=ADA,
        account=AGREED,
        evidence=EVIDENCE,
        verified_until=UNTIL,
        button_label="Disable",
        button_value="disableUser",
    ),
    "account_risk": p.AccountPrompt(
        person=ADA,
        account=FINE,
        evidence=replace(EVIDENCE, risk=RiskCheck(Risk("r-1", RiskLevel.MEDIUM, "", "NEW_DEVICE"))),
        verified_until=UNTIL,
        button_label="Disable",
        button_value="disableUser",
    ),
    "devices": dp.DevicesPrompt(
        person=ADA,
        devices=(PASSKEY, Device("sms-1", "SMS", nickname="Ada's phone", address="+44 *** *** 43", locked=True), TOTP),
        evidence=EVIDENCE,
        verified_until=UNTIL,
        note="The device was renamed.",
    ),
    "devices_own": dp.DevicesPrompt(person=ADA, devices=(TOTP, PHONE), evidence=EVIDENCE, verified_until=UNTIL),
    "account_half_disabled": p.AccountPrompt(
        person=ADA,
        account=HALF,
        evidence=EVIDENCE,
        verified_until=NOW + timedelta(seconds=95),
        button_label="Disable",
        button_value="disableUser",
        note="AD: disabled. PingOne: failed.",
    ),
    "account_unread": p.AccountPrompt(
        person=ADA,
        account=UNREAD,
        evidence=EVIDENCE,
        verified_until=UNTIL,
        button_label="Disable",
        button_value="disableUser",
    ),
    "account_without_reset": p.AccountPrompt(
        person=ADA,
        account=FINE,
        evidence=EVIDENCE,
        verified_until=UNTIL,
        button_label="Disable",
        button_value="disableUser",
        why_no_reset="PingOne and AD both keep a password. An administrator says which counts: password_authority.",
    ),
    "confirm_reset": p.ConfirmPrompt(
        person=ADA, act=Act.RESET, effects=reset.WORDS, account=FINE, verified_until=UNTIL
    ),
    "waiting_for_new_password": pp.WaitingForNewPasswordPrompt(
        person=ADA, link=PASSWORD_PAGE, homes=(Home.DIRECTORY, Home.PINGONE), verified_until=UNTIL
    ),
    "waiting_for_new_password_being_set": pp.WaitingForNewPasswordPrompt(
        person=ADA,
        link=PASSWORD_BEING_SET,
        homes=(Home.DIRECTORY,),
        verified_until=UNTIL,
        note="The new password is being written just now. Wait for what comes of it.",
    ),
    "notice_reset": p.NoticePrompt(
        person=ADA,
        act=Act.RESET,
        lines=(
            p.ResultLine("AD: password set"),
            p.ResultLine("AD: unlocked with it"),
            p.ResultLine("PingOne: password set"),
            p.ResultLine("PingOne: 3 sessions ended"),
            p.ResultLine("Customer: told by mail", aside=True),
            p.ResultLine("PingOne: still locked", aside=True),
        ),
        verified_until=UNTIL,
    ),
    "confirm": p.ConfirmPrompt(
        person=ADA,
        act=Act.DISABLE,
        effects=("Disable the account in AD", "Disable the account in PingOne", "End every PingOne session"),
        ticket="HD-1042",
        account=FINE,
        verified_until=UNTIL,
    ),
    "confirm_protective": p.ConfirmPrompt(
        person=ADA,
        act=Act.PROTECT,
        effects=("Disable the account in AD", "Disable the account in PingOne", "End every PingOne session"),
        ticket_required=True,
        unverified=True,
    ),
    "confirm_unlock": p.ConfirmPrompt(
        person=ADA,
        act=Act.UNLOCK,
        effects=(
            "Unlock the account in AD.",
            "Unlock the account in PingOne.",
            "Devices stay as they are, and so does the password.",
        ),
        account=HALF,
        verified_until=UNTIL,
    ),
    "confirm_expiry": p.ConfirmPrompt(
        person=ADA,
        act=Act.EXPIRE,
        effects=EXPIRY,
        ticket="HR-7",
        account=FINE,
        verified_until=UNTIL,
        note="Say the account's last day as YYYY-MM-DD, or never.",
    ),
    "notice_expiry": p.NoticePrompt(
        person=ADA,
        act=Act.EXPIRE,
        lines=(
            p.ResultLine("AD: set to end with 24 December 2026 at dc1.csrdesk.example; other sites follow"),
            p.ResultLine(
                "PingOne: not touched. It keeps no last day: sign-ins there go on, unless they stand on AD", aside=True
            ),
            p.ResultLine("Customer: told by mail", aside=True),
        ),
        verified_until=UNTIL,
    ),
    "notice_unlocked": p.NoticePrompt(
        person=ADA,
        act=Act.UNLOCK,
        lines=(
            p.ResultLine("AD: unlocked"),
            p.ResultLine("PingOne: unlocked"),
            p.ResultLine(f"Device {PHONE.label}: still locked; unlocking an account changes no device", aside=True),
        ),
        verified_until=UNTIL,
    ),
    "notice": p.NoticePrompt(
        person=ADA,
        act=Act.DISABLE,
        lines=(
            p.ResultLine("AD: disabled"),
            p.ResultLine("PingOne: disabled"),
            p.ResultLine("PingOne: 2 sessions ended"),
            p.ResultLine("Apps may stay signed in for up to 60 minutes.", aside=True),
        ),
        verified_until=UNTIL,
    ),
    "notice_not_told": p.NoticePrompt(
        person=ADA,
        act=Act.DISABLE,
        lines=(
            p.ResultLine("AD: disabled"),
            p.ResultLine("PingOne: disabled"),
            p.ResultLine("PingOne: 2 sessions ended"),
            p.ResultLine("What lives on: apps up to 60 min, Windows sign-ins up to 10 h", aside=True),
            p.ResultLine(
                "Customer: not told. The mail server cannot be reached. Tell them yourself.", ok=False, aside=True
            ),
        ),
        verified_until=UNTIL,
    ),
    "notice_half_done": p.NoticePrompt(
        person=ADA,
        act=Act.DISABLE,
        lines=(
            p.ResultLine("AD: disabled"),
            p.ResultLine("PingOne did not answer in time.", ok=False, unknown=True),
            p.ResultLine("PingOne: sessions ended: no connection", ok=False),
        ),
        half_done=True,
        again=True,
        verified_until=UNTIL,
    ),
    "card_of_a_verifier": p.CardPrompt(person=ADA, devices=(PHONE,), ways=(WayOffer(Way.LINK),), withheld=OF_AGENTS),
    "account_of_a_verifier": p.AccountPrompt(
        person=ADA,
        account=FINE,
        evidence=Evidence((Proof("ml", Strength.NONE),)),
        verified_until=UNTIL,
        button_label="Disable",
        button_value="disableUser",
        withheld=OF_AGENTS,
    ),
    "card_exception": p.CardPrompt(
        person=ADA,
        devices=(),
        ways=(
            WayOffer(Way.LINK, why_not="No device is registered, and a device is required."),
            WayOffer(Way.SPOKEN_ADDRESS, why_not="no passkey and no authenticator app is registered"),
            WayOffer(Way.PUSH, why_not="no app is registered"),
            WayOffer(Way.EXCEPTION, "no proof; a lead is asked for: unlock, devices"),
        ),
    ),
    "exception": xp.ExceptionPrompt(ADA, (Act.UNLOCK, Act.DEVICES), ("Magic link",), "INC-1042"),
    "exception_refused": xp.ExceptionPrompt(
        ADA, (Act.UNLOCK,), (), "INC-1042", "grace refused it: Ring the ward first. Nothing was opened."
    ),
    "awaiting_lead": xp.AwaitingLeadPrompt(ADA, EXCEPTION),
    "account_excepted": p.AccountPrompt(
        person=ADA,
        account=FINE,
        evidence=EXCEPTED,
        verified_until=UNTIL,
        button_label="Disable",
        button_value="disableUser",
        withheld=tuple(act for act in OF_AGENTS if act not in EXCEPTED.gives),
    ),
    "approvals_exception": kp.ApprovalsPrompt(approvals=(EXCEPTION, APPROVAL)),
    "second_agent": kp.SecondAgentPrompt(person=ADA, approval=APPROVAL, verified_until=UNTIL),
    "approvals": kp.ApprovalsPrompt(approvals=(APPROVAL, replace(APPROVAL, id="ap-2", act=Act.DISABLE, ticket=""))),
    "approvals_none": kp.ApprovalsPrompt(approvals=(), note="Approved: reset for Ada Lovelace."),
    "approvals_call": kp.ApprovalsPrompt(approvals=(APPROVAL,), offers=(OFFER,)),
    "hand_over": hp.HandOverPrompt("call-1", ADA, "verified", UNTIL, COLLEAGUES),
    "hand_over_declined": hp.HandOverPrompt(
        "call-1",
        ADA,
        "link sent",
        None,
        COLLEAGUES,
        note="Hal Incandenza declined: In a meeting. The call stays with you.",
    ),
    "hand_over_nobody": hp.HandOverPrompt("call-1", ADA, "not verified"),
    "hand_over_not_now": hp.HandOverPrompt(
        "call-1", note="Nobody has been found in this call yet, so there is nothing to hand over.", code="forbidden"
    ),
    "offered": hp.OfferedPrompt(
        replace(OFFER, agent="sam", agent_name="Sam Porter", to="hal", to_name="Hal Incandenza")
    ),
    "agents": kp.AgentsPrompt(agents=(GRACE_ON_RECORD, ENDED_ON_RECORD)),
    "agents_none": kp.AgentsPrompt(agents=(), note="Only a lead does this. Nothing was done.", code="forbidden"),
    "error": p.ErrorPrompt(
        error_message="PingOne cannot be reached. Nothing was changed.",
        error_details="UnreachableError: no connection to api.pingone.example within 10 s",
        reference="C-7F3A-19",
    ),
}
"""Every prompt of the agent's side. The name is the prompt's, with what is special about this face."""

CUSTOMER: dict[str, Prompt] = {
    "code": p.CodePrompt(about=ABOUT),
    "not_me": p.NotMePrompt(about=ABOUT),
    "browser": p.BrowserPrompt(about=ABOUT),
    "device_selection": p.DeviceSelectionPrompt(about=ABOUT, page=PAGE, devices=(TOTP, PHONE)),
    "device_selection_with_link": p.DeviceSelectionPrompt(
        about=ALONE, page=PAGE, devices=(TOTP,), magic_link=ADA.email
    ),
    "passcode": p.PasscodePrompt(about=ABOUT, page=PAGE, device=PHONE, resends_left=3, others=True),
    "passkey": dp.PasskeyPrompt(about=ABOUT, page=PAGE, device=PASSKEY, options="{}", others=True),
    "push": dp.PushPrompt(about=ABOUT, page=PAGE, number="47", others=True),
    "push_timed_out": dp.PushTimedOutPrompt(about=ABOUT, page=PAGE, resends_left=2, others=True),
    "magic_link_offer": dp.MagicLinkOfferPrompt(about=ALONE, page=PAGE, to=ADA.email, others=True),
    "magic_link_sent": dp.MagicLinkSentPrompt(about=ALONE, page=PAGE, link=LINK, others=True),
    "magic_link_code": p.CodePrompt(about=ALONE),
    "magic_link_not_me": p.NotMePrompt(about=ALONE),
    "link_again": dp.LinkAgainPrompt(about=ALONE),
    "try_again": p.TryAgainPrompt(about=ABOUT, page=PAGE),
    "new_password": pp.NewPasswordPrompt(about=ABOUT, page=PAGE, requirements=REQUIREMENTS),
    "new_password_refused": pp.NewPasswordPrompt(
        about=ABOUT,
        page=PAGE,
        requirements=REQUIREMENTS,
        refusals=("PingOne: It was used before. Choose one that you have not had yet.",),
        half_done=True,
        sign_out_fixed=True,
    ),
    "cannot_set_password": pp.CannotSetPasswordPrompt(about=ABOUT, note="That did not work just now.", page=PAGE),
}
"""Every prompt of the customer's pages."""
