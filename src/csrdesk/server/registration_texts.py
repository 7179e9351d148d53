"""Every word of the pages on which customers register: no agent is there, so nothing here names one."""

from __future__ import annotations

from markupsafe import Markup

EMAIL_TITLE = "Register"
EMAIL_TEXT = "Type your mail address. We send a code to it."
EMAIL_LABEL = "Mail address"
EMAIL_SEND = "Send the code"
EMAIL_BACK = "I have an account: back to signing in"

CODE_TITLE = "Type the code from our mail"
CODE_TEXT = "A mail is on its way to the address that you typed. If nobody has an account with it, it holds a code."
CODE_LABEL = "Code from the mail"
CODE_HINT = "Blanks do not matter. Nobody who works here ever asks you for it."
CODE_CHECK = "Go on"
CODE_RESEND = "Send another code"
CODE_NONE = "No mail comes? Look among the unwanted ones, then have another one sent."
CODE_AGAIN = (
    "Another mail is on its way to the address that you typed. If nobody has an account with it, it holds a code; the "
    "one before is good no more."
)
CODE_NO_MORE = "No mail comes? Look among the unwanted ones. No more are sent for this page: go back, or call us."
CODE_BACK = "Back: another address"
TRIES_LEFT = "You can try this {count} more times."
TRIES_LAST = "This is the last try on this page."

NAMES_TITLE = "What is your name?"
GIVEN_LABEL = "First name"
FAMILY_LABEL = "Last name"
NAMES_NEXT = "Go on"
BACK = "Back"

CHOOSE_TITLE = "Choose a password"
CHOOSE_TEXT = "Or register without one: then you add a device that you sign in with."
CHOOSE_INSTEAD_TEXT = "Your account is there. With a password you sign in without a device."
CHOOSE_SET = "Register"
CHOOSE_INSTEAD_SET = "Set the password"
CHOOSE_NONE = "Register without a password"

AGREEMENT_ACCEPT = "Accept"
AGREEMENT_DECLINE = "Decline"
AGREEMENT_TITLE = "Agreement"

UNFINISHED_TITLE = "Something is still to be done"
UNFINISHED_TEXT = "This is there already, and it stays:"
UNFINISHED_AGAIN = "Try again"
UNFINISHED_LATER = "Or close this page: the mail that we sent you leads back to it, for a day."

AGAIN_TITLE = "Go on with your registration"
AGAIN_TEXT = "You go on in this browser, where you stopped. A page that is open in another browser ends."
AGAIN_GO = "Go on here"

DONE_TITLE = "You are registered"
DONE_TEXT = "Your account is ready."
DONE_BY_TYPING = "Sign in with your mail address and the password that you chose."
DONE_BY_DEVICE = "Sign in with your mail address and with what you have added here."
DONE_PHONE = "On the phone, a new device counts only after a while: until then we may ask you for something else."
SIGN_ON_TITLE = "Nothing was made"
SIGN_ON_TEXT = "You can close this page, or sign in."
STOPPED_TITLE = "This cannot go on here"
LIMITED_TITLE = "Too often for now"
TRIES_TITLE = "All tries are used"
FAILED_TITLE = "This did not work just now"
KNOWN_TITLE = "You have an account"
OVER_TITLE = "This page is over"
OVER_TEXT = (
    "A page like this works for a few minutes, and in one browser. If your account was made already, the mail about it "
    "leads back to where you stopped."
)
AGAIN = "Begin again"
SIGN_ON = "Go to signing in"
CALL = Markup('You can also call us: <span class="phone">{phone}</span>.')
TOO_MANY = "Too many requests came from your network. Wait {minutes} min, then try again."
