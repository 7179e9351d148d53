"""Every word of the pages on which customers register a device: no agent is there, so nothing here names one."""

from __future__ import annotations

CHOOSE_TITLE = "Add a way to prove that it is you"
CHOOSE_TEXT = "Register something that you have with you. We ask for it when you sign in, and when you call us."
KINDS = {
    "FIDO2": "Passkey",
    "TOTP": "Authenticator app",
    "SMS": "Text message",
    "VOICE": "Phone call",
    "EMAIL": "Email",
}
HINTS = {
    "FIDO2": "Fingerprint, face, screen lock or a security key. The strongest there is.",
    "TOTP": "An app that shows a new passcode every half minute.",
    "SMS": "A passcode in a text message to your mobile phone.",
    "VOICE": "A passcode that a voice says when we call your phone.",
    "EMAIL": "A passcode by mail to {address}.",
    "EMAIL_UNNAMED": "A passcode by mail to your own address.",
}
REGISTERED = "Registered already:"
REGISTERED_GO_ON = "Go on with what is registered"
PASSWORD_INSTEAD = "Choose a password instead"  # noqa: S105 - words, not a password
LEAVE = "Leave without registering anything"
TRY_AGAIN = "Try again"
BACK = "Go back"

NUMBER_TITLE = {"SMS": "Where shall text messages go?", "VOICE": "Which phone shall we call?"}
NUMBER_TEXT = {
    "SMS": "We send a passcode to this number now, and each time that we ask for it.",
    "VOICE": "A voice says a passcode on this number now, and each time that we ask for it.",
}
NUMBER_COUNTRY = "Country of the number"
NUMBER_ANY = "I type it with a +"
NUMBER_LABEL = "Phone number"
NUMBER_HINT = "With its area code, or with + and the country code. Blanks and hyphens do not matter."
NUMBER_SEND = {"SMS": "Send the passcode", "VOICE": "Call me now"}

PASSCODE_TITLE = "Type the passcode"
PASSCODE_TEXT = {
    "SMS": "We sent a text message with a passcode to",
    "VOICE": "A voice says a passcode on the phone with the number",
    "EMAIL": "We sent a mail with a passcode to",
}
PASSCODE_LABEL = "Passcode"
PASSCODE_HINT = "Type it here alone. Nobody who works here ever asks you for it."
PASSCODE_RESEND = {"SMS": "Send another one", "VOICE": "Call me again", "EMAIL": "Send another one"}
PASSCODE_OTHER = {"SMS": "Use another number", "VOICE": "Use another number", "EMAIL": "Choose something else"}
RESENDS_NONE = "No more can be sent. If none comes, go back and choose another way."
RESENDS_LEFT = "({count} left)"
CONTINUE = "Continue"

APP_TITLE = "Set up your authenticator app"
APP_SCAN = "Open the app, choose to add an account, and point its camera at this picture."
APP_PICTURE = "QR code with the key for your authenticator app"
APP_TYPE = "No camera? Type this key into the app instead. If the app asks for a kind, choose time-based:"
APP_OPEN = "Open it in an app on this device"
APP_KEEP = "Show this picture and this key to nobody: whoever has them can make your passcodes."
APP_LABEL = "Passcode that the app shows now"
APP_OTHER_KEY = "Show another key"
APP_GONE = "The key was not kept, so that nobody can read it here later. Have another one shown to go on."

PASSKEY_TITLE = "Make a passkey"
PASSKEY_TEXT = "Your browser asks for your fingerprint, face, screen lock or security key now, and keeps the passkey."
PASSKEY_MAKE = "Make a passkey"
PASSKEY_WAITING = "Follow what your browser asks for now."
PASSKEY_NO_SCRIPT = "A passkey needs JavaScript, which is switched off here. Go back and choose something else."
PASSKEY_GONE = "This page was open for too long. Begin once more to go on."
PASSKEY_AGAIN = "Begin once more"

NAME_TITLE = "Registered"
NAME_TEXT = "We ask for it from now on. Give it a name, so that you can tell it from others, or leave this empty."
NAME_LABEL = "Name"
NAME_HINT = "For example: my phone. Up to 60 characters."

NOT_ENABLED_TITLE = "Nearly done"
CHOOSE_OTHER = "Choose something else"
