"""Every word of the pages on which customers recover their account: no agent is there, so nothing here names one."""

from __future__ import annotations

from markupsafe import Markup

FORGOT_TITLE = "Choose a new password"
FORGOT_TEXT = "Type the mail address of your account. If we know it, we send a code to it."
FORGOT_LABEL = "Mail address"
FORGOT_SEND = "Send the code"
FORGOT_BACK = "Back to signing in"

CODE_TITLE = "Type the code from our mail"
CODE_TEXT = (
    "If the address that you typed belongs to an account, a mail with a code of eight letters and digits is on its way "
    "to it. The code is good for five minutes."
)
CODE_AGAIN = (
    "If the address that you typed belongs to an account, another mail is on its way to it. The code of the one before "
    "is good no more; the new one is good for five minutes."
)
CODE_NONE = "No mail comes? Look among the unwanted ones, then have another one sent."
CODE_NO_MORE = "No mail comes? Look among the unwanted ones. No more are sent for this page."
CODE_CALL = Markup('If none comes at all, call us: <span class="phone">{phone}</span>.')
CODE_LABEL = "Code from the mail"
CODE_HINT = "Capitals and small letters are the same; blanks and hyphens do not matter."
CODE_KEEP = "Type it here alone. Nobody who works here ever asks you for it."
CODE_SET = "Set the new password"
CODE_RESEND = "Send another code"
CODE_CANCEL = "Keep the password that I have"
TRIES_LEFT = "You can try this {count} more times."
TRIES_LAST = "This is the last try on this page."

REFUSED = "The new password was not taken:"
REFUSED_NEXT = "Type the code and the new password once more."

RESEND_TITLE = "Send another code?"
RESEND_TEXT = "The code that you have now is good no more then, also if its mail comes late."
RESEND_YES = "Send another code"
RESEND_NO = "Go back"

DONE_TITLE = "Your new password is set"
DONE_TEXT = "Use it from now on."
DONE_SIGNED_OUT = "Sign-ins elsewhere have been ended. Apps may stay open for a while."
DONE_MAIL = "We send you a mail about it. If that mail ever comes without your doing, call us."
SIGN_ON_TITLE = "Nothing was changed"
SIGN_ON_TEXT = "Your password is as it was. You can close this page, or sign in."
STOPPED_TITLE = "This cannot go on here"
LIMITED_TITLE = "Too often for now"
TRIES_TITLE = "All tries are used"
FAILED_TITLE = "This did not work just now"
OVER_TITLE = "This page is over"
OVER_TEXT = "A page like this works for a few minutes, and in one browser. Nothing more can be done here."
AGAIN = "Begin again"
SIGN_ON = "Go to signing in"
CALL = Markup('You can also call us: <span class="phone">{phone}</span>.')
TOO_MANY = "Too many requests came from your network. Wait {minutes} min, then try again."
