// What the pages can do only with a script: ask the browser about passkeys, let the clock run, take one click as one, and
// look whether a page that waits goes on. Nothing here submits a form, and nothing but the check is lost without it.
"use strict";

// W3C Web Authentication, section 5.1: the question may never be answered, so it is cut off.
const CUT_OFF = 1500;

const checks = document.querySelectorAll("input[name=webauthn]");
const found = (value) => checks.forEach((check) => { check.value = value; });

if (checks.length && window.PublicKeyCredential) {
  found("SECURITY_KEY_ONLY");
  const late = new Promise((resolve) => setTimeout(resolve, CUT_OFF, false));
  const asked = PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false);
  Promise.race([asked, late]).then((available) => found(available ? "FULL" : "SECURITY_KEY_ONLY"));
}

// The server says how many seconds are left: this machine's own clock may be wrong.
const timer = document.querySelector("[data-seconds]");
if (timer) {
  const until = Date.now() + Number(timer.dataset.seconds) * 1000;
  const left = timer.textContent.trim().split(" ").pop();
  const moment = document.querySelector(".clock time");
  moment.textContent = new Date(moment.dateTime).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    timer.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} ${left}`;
    if (seconds === 0) {
      clearInterval(ticking);
      setTimeout(() => location.reload(), 2000);
    }
  };
  const ticking = setInterval(tick, 1000);
  tick();
}

let sent = false;
addEventListener("pageshow", () => { sent = false; });
addEventListener("submit", (event) => {
  if (sent) {
    event.preventDefault();
    return;
  }
  sent = true;
  event.submitter?.setAttribute("aria-busy", "true");
});

// A page that waits is loaded again only when there is something new: whoever reads it or tabs through it keeps the place.
const main = document.querySelector("main");
if (main.dataset.refresh) {
  const look = async () => {
    try {
      const answer = await fetch(location.href);
      const there = new DOMParser().parseFromString(await answer.text(), "text/html");
      const news = there.title !== document.title || there.querySelector("main")?.dataset.at !== main.dataset.at;
      if (news && answer.status < 500 && !sent) {
        location.reload();
        return;
      }
    } catch {
      // No answer: the next look may have one.
    }
    setTimeout(look, main.dataset.refresh * 1000);
  };
  setTimeout(look, main.dataset.refresh * 1000);
}
