"""Every word that the pages show, in one place, so that it can be read, judged and one day translated as a whole.

Short, plain, without blame. `{...}` is filled in by the templates. Notes that a flow makes stand in the flow.
"""

from __future__ import annotations

from markupsafe import Markup

# Around every page
FOOTER = "Nobody who works here will ever ask for your password, or ask you to read a passcode aloud."
ABOUT = "Who is asking"
AGENT = "Agent"
COMPANY = "Company"
ASKS = "{agent} of {company} asks you {purpose}."
NOW_WITH = "You now talk to {agent}, who has taken over this call."
REFERENCE = "Reference"
REFERENCE_HINT = "It also stands in the subject of our mail."
PURPOSE = "What for"
ACCOUNT = "Account"
BECAUSE = Markup(
    'You should be on the phone with us because <strong>you</strong> called <span class="phone">{phone}</span>.'
)
BECAUSE_UNNUMBERED = Markup("You should be on the phone with us because <strong>you</strong> called the help desk.")
IF_NOT = Markup("If somebody called you, press <strong>This wasn't me</strong>.")
NOT_ME = "This wasn't me"
NOT_CALLED = "You did not call us?"
ASKS_ALONE = "{company} asks you {purpose}."
BECAUSE_ALONE = Markup(
    "You see this page because somebody, most likely you, began something on our pages. "
    "If that was not you, press <strong>This wasn't me</strong>."
)
CANCEL = "Cancel"
CONTINUE = "Continue"

# The clock of the page, and the link's
CLOCK = "This page stays open until"
CLOCK_LEFT = "left"
MORE_TIME = "I need more time"

# The code
CODE_TITLE = "Type the code from your call"
CODE_LABEL = "Six-digit code"
CODE_HINT = "The agent says it to you on the phone. Blanks and hyphens do not matter."
CODE_MISSING = "Type the six digits that the agent says."

# The code at the spoken address
CALL_CODE_LABEL = "Nine-digit code"
CALL_CODE_MISSING = "Type the nine digits that the agent says."
CALL_CODE_WRONG = "That code opens nothing. Ask for it again, and type all nine digits."
CALL_CODE_IF_NOT = "If somebody called you and sent you here, hang up and close this page."

# The code of a magic link that nobody on the phone asked for
LINK_CODE_TITLE = "Type the code from the other page"
LINK_CODE_HINT = "It stands on the page where you asked for this link. Blanks and hyphens do not matter."
LINK_CODE_MISSING = "Type the six digits from the other page."
LINK_CODE_WARNING = Markup(
    "Type it only if you see it yourself, on a page of ours that you have open. "
    "If <strong>somebody tells you</strong> six digits, do not type them: press <strong>This wasn't me</strong>."
)
NOT_ASKED = "You did not ask for this link?"
LINK_AGAIN_TITLE = "The code was right"
LINK_AGAIN_TEXT = "But it could not be written down."
LINK_DONE_TEXT = "Go back to the page where you asked for this link. It goes on by itself; you can close this one."

# This wasn't me
NOT_ME_TITLE = "This wasn't me"
NOT_ME_TEXT = (
    "If you did not call us, somebody may be trying to get into your account. "
    "Tell us here: the link ends at once and the agent is warned."
)
NOT_ME_QUESTION = "Did you call us?"
NOT_ME_NO = "No, I did not call. End this link."
NOT_ME_YES = "Yes, I called. Go back."
NOT_ME_TEXT_ALONE = (
    "If you did not begin this, somebody may be trying to get into your account. "
    "Tell us here: it ends at once and the help desk is warned."
)
NOT_ME_QUESTION_ALONE = "Was it you?"
NOT_ME_NO_ALONE = "No, it was not me. End it."
NOT_ME_YES_ALONE = "Yes, it was me. Go back."
CHOICE_MISSING = "Choose one of the two answers."

# The browser's check
BROWSER_TITLE = "One more step"
BROWSER_TEXT = "Press Continue, so that we can offer what your browser knows."

# The device
DEVICE_TITLE = "How do you want to confirm?"
DEVICE_TEXT = "Choose one of the ways that are registered for your account."
DEVICE_WORDS = {
    "TOTP": "Code from an authenticator app",
    "SMS": "Text message",
    "VOICE": "Phone call",
    "EMAIL": "Email",
    "FIDO2": "Passkey or security key",
    "MOBILE": "Authenticator app on a phone",
}
MAGIC_LINK = "Link by email"
CANNOT_USE_ANY = "I cannot use any of these"
CANNOT_USE_THIS = "I cannot use this"
CANNOT_USE_HINT = "The agent is told, and nothing is approved."

# The passcode
PASSCODE_TITLE = "Type your passcode"
PASSCODE_LABEL = "Passcode"
PASSCODE_FROM = {
    "TOTP": "Open your authenticator app and type the code that it shows now",
    "SMS": "We have sent a passcode by text message",
    "VOICE": "A call with a passcode is on its way",
    "EMAIL": "We have sent a passcode by email",
    "MOBILE": "Open the app on your phone and type the passcode that it shows now",
}
PASSCODE_TO = "to"
PASSCODE_KEEP = "Keep it to yourself: type it here, and do not tell it to anybody, not even to us."
PASSCODE_MISSING = "Type the passcode first."
RESEND = "Send another passcode"
RESENDS_LEFT = "({count} left)"
RESENDS_NONE = "No more passcodes can be sent here. If none comes, use another way, or tell the agent."
RESENDS_NONE_ALONE = "No more passcodes can be sent here. If none comes, use another way."
OTHER_DEVICE = "Use another way"

# The new password
CHOOSE_TITLE = "Choose a new password"
CHOOSE_TEXT = "You alone see it. The agent on the phone does not, and must not ask for it."
CHOOSE_HALF = (
    "Your password is kept in two places. One has taken the last one already, the other has not. "
    "Choose one that suits both."
)
CHOOSE_REFUSED = "That password was not taken:"
CHOOSE_RULES = "What is asked of the password"
CHOOSE_LABEL = "New password"
CHOOSE_HINT = "You can paste it, or let a password manager make one. Blanks count, at the ends too."
CHOOSE_AGAIN = "The same once more"
CHOOSE_SHOW = "Show what I type"
CHOOSE_UNMET = "This is still missing: {words}."
CHOOSE_ALL_MET = "All that can be checked here is met."
CHOOSE_MET = "met"
CHOOSE_DIFFER = "The two are not the same yet."
CHOOSE_SAME = "The two are the same."
CHOOSE_BLANKS = "It begins or ends with a blank, which is part of it."
SIGN_OUT = "Sign me out everywhere else"
SIGN_OUT_HINT = "Phones, computers and browsers that know the old password have to sign in again."
SIGN_OUT_FIXED = "You are signed out everywhere else, because somebody else may have your old password."
CHOOSE_SET = "Set the new password"
CHOOSE_KEEP = "Keep the password that I have"
CHOOSE_NOT_NOW_TITLE = "This cannot be done just now"
CHANGED_TITLE = "Your new password is set"
CHANGED_TEXT = "Use it from now on."
CHANGED_SIGNED_OUT = "Sign-ins elsewhere have been ended. Apps may stay open for a while."
CHANGED_MAIL = "We send you a mail about it. If that mail ever comes without a call of yours, call us."
CHANGED_NEXT = "The agent sees that it is done, and will go on with you on the phone."
KEPT_TITLE = "Your password stays as it was"
KEPT_TEXT = "No new password was set."
KEPT_HALF_TITLE = "Your password is half changed"
KEPT_HALF_TEXT = "One of the places where it is kept took the new one, the other has the old one still."
KEPT_NEXT = "The agent sees it, and knows what can be done."

# The passkey
PASSKEY_TITLE = "Use your passkey"
PASSKEY_TEXT = "Press the button. Your browser then asks for your finger, your face, your PIN or your security key."
PASSKEY_USE = "Use the passkey"
PASSKEY_WAITING = "Your browser is asking for it now."
PASSKEY_NO_SCRIPT = "Passkeys need JavaScript, which is switched off here. Use another way, or tell the agent."
PASSKEY_NO_SCRIPT_ALONE = "Passkeys need JavaScript, which is switched off here. Use another way."

# The push
PUSH_TITLE = "Look at your phone"
PUSH_TEXT = "We have sent a request to the app on it."
PUSH_NUMBER = "In the app, choose this number:"
PUSH_WAITING = "This page goes on by itself when you have answered."
PUSH_PASSCODE = "Type the app's passcode instead"
PUSH_OVER_TITLE = "Nobody answered on the phone"
PUSH_OVER_TEXT = "The request on it is over. Nothing was approved."
PUSH_AGAIN = "Send the request again"

# The magic link in place of a device
OFFER_TITLE = "We can send you a link"
OFFER_TEXT = "It goes to"
OFFER_NEXT = "Open it, here or on another device, and type the code that this page then shows."
OFFER_SEND = "Send the link"
LINK_SENT_TITLE = "Look at your mail"
LINK_SENT_TEXT = "We have sent a link to"
LINK_SENT_CODE = "Type this code on the page that the link opens:"
LINK_SENT_KEEP = "Tell the code to nobody. Leave this page open: it goes on by itself when you have typed it."
LINK_SENT_RIGHT = "The code was right. This page goes on by itself."
LINK_SENT_AGAIN = "Send another link"

# What cannot go on
AGAIN_TITLE = "You are not confirmed yet"
AGAIN_TEXT = "Nothing has been approved."
AGAIN = "Try again"

# Ends
WORKING_TITLE = "One moment"
WORKING_TEXT = "This page goes on by itself."
OPENING_TITLE = "Opening the page"
OPENING_LINK = "Go on"
DONE_TITLE = "Thank you. You are confirmed."
DONE_TEXT = "Keep this page open while you talk to us."
DONE_NEXT = "The agent sees it already and will go on with you on the phone."
REFUSED_TITLE = "Thank you for telling us"
REFUSED_TEXT = "This link is over, and the agent has been warned. Nothing was changed."
REFUSED_TEXT_ALONE = "This is over, and the help desk has been warned. Nothing was changed."
DENIED_TITLE = "This was stopped"
DENIED_ON_PHONE = (
    "The request was denied on the phone twice, so this link is over, and the agent has been warned. "
    "Nothing was changed."
)
DENIED_CALLED = "If you called us yourself, tell the agent what you saw on the phone."
DENIED_TEXT = "Somebody did not ask for this and said so. Nothing was confirmed, and the help desk has been warned."
REFUSED_NEXT = "If somebody is on the phone with you now, hang up."
REFUSED_CALL = Markup('Then call us yourself: <span class="phone">{phone}</span>.')
RISK_TITLE = "Please tell the agent"
RISK_TEXT = "Tell the agent that this page says: we cannot go on here."

NO_FACTOR_TITLE = "Please tell the agent"
NO_FACTOR_TEXT = "Tell the agent that you cannot use any of the ways that are registered for your account."
NO_FACTOR_NEXT = "Nothing was approved. The agent sees it too, and knows what can be done."
ENDED_TITLE = "This page is over"
ENDED_TEXT = "Nothing more can be done here. If you are still on the phone, ask the agent for a new link."
ENDED_TEXT_ALONE = "Nothing more can be done here. Go back to where you began, and start again from there."
TOO_MANY_CODES_TEXT = "Too many wrong codes were typed here, so this link is over. Nothing was approved."
TOO_MANY_CODES_NEXT = "If you are still on the phone, tell the agent, who can send you a new link."
DEVICE_DONE_TEXT = "You can close this page."
NOT_CONFIRMED_TITLE = "Nothing was confirmed"
NOT_CONFIRMED_TEXT = "Go back to where you began, and start again from there."
TIME_UP_TITLE = "The time is up"
TIME_UP_TEXT = "This page was open for as long as it may be. Nothing was approved."
TIME_UP_VERIFIED = (
    "This page was open for as long as it may be. What was not finished was not done. The agent sees how far it got."
)
TIME_UP_NEXT = "If you are still on the phone, ask the agent for a new link."
OVER_TITLE = "This link opens nothing"
OVER_TEXT = (
    "Links work for a few minutes and for one browser. If you are on the phone with us, ask the agent for a new one."
)
OVER_NEXT = "If you did not call us, there is nothing that you need to do."
TOO_MANY_TITLE = "Too many wrong answers"
TOO_MANY_TEXT = "Too many wrong answers came from your network. Wait {minutes} min, then load this page again."
TOO_MANY_NEXT = "If you are on the phone with us, tell the agent."
NOTHING_TITLE = "There is nothing here"
NOTHING_TEXT = "Open the link in our mail as a whole, or ask the agent for a new one."
FOREIGN_TITLE = "This page could not take that"
FOREIGN_TEXT = "Open the link in our mail once more and try again. Cookies must be allowed for this page."
NOT_TAKEN = "That could not be taken. Please try again with what the page shows now."
FAILED_TITLE = "Something went wrong on our side"
FAILED_TEXT = "Nothing more was done. Tell the agent, and name this number:"
FAILED_RETRY = "You can load this page again in a moment."
