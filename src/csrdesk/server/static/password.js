// What the page for a new password can do only with a script: say while somebody types which rules are met, whether the
// two are the same, and show what is typed. The server judges again; without a script it alone does.
"use strict";

const form = document.getElementById("new-password");
const password = document.getElementById("password");
const again = document.getElementById("again");
const rules = [...form.querySelectorAll("[data-kind]")];
const words = form.dataset;

const SAID_AFTER = 700; // milliseconds of rest, so that a screen reader is not interrupted at each key
const CLASSES = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /\p{L}/u];

const classOf = (character) => CLASSES.findIndex((one) => one.test(character));

// The same judgements as the server's. What only a directory can tell is null.
const met = (kind, number, wanted, characters) => {
  switch (kind) {
    case "min_length": return characters.length >= number;
    case "max_length": return characters.length <= number;
    case "characters": return characters.filter((one) => wanted.includes(one)).length >= number;
    case "distinct": return new Set(characters).size >= number;
    case "classes": return new Set(characters.map(classOf)).size >= number;
    default: return null;
  }
};

const judge = (rule, characters) => {
  const { kind, number, characters: wanted } = rule.dataset;
  const judged = characters.length ? met(kind, Number(number), [...wanted], characters) : null;
  rule.classList.toggle("met", judged === true);
  rule.classList.toggle("unmet", judged === false);
  rule.querySelector(".said").textContent = judged === true ? ` (${words.met})` : "";
  return judged !== false;
};

let saying;
const say = (id, text) => { document.getElementById(id).textContent = text; };

const look = () => {
  const characters = [...password.value];
  const unmet = rules.filter((rule) => !judge(rule, characters));
  const missing = unmet.map((rule) => rule.querySelector(".words").textContent).join("; ");
  const differ = password.value !== again.value;
  password.setCustomValidity(missing ? words.unmet.replace("{words}", missing) : "");
  again.setCustomValidity(differ && again.value ? words.differ : "");
  clearTimeout(saying);
  saying = setTimeout(() => {
    const blank = password.value !== password.value.trim() ? words.blanks : "";
    const known = rules.some((rule) => rule.dataset.kind !== "said");
    say("password-state", [password.value && !missing && known ? words.allMet : "", blank].join(" ").trim());
    say("again-state", again.value ? (differ ? words.differ : words.same) : "");
  }, SAID_AFTER);
};

password.addEventListener("input", look);
again.addEventListener("input", look);
addEventListener("pageshow", look);

const show = document.getElementById("show");
show.hidden = false;
show.querySelector("input").addEventListener("change", (event) => {
  for (const field of [password, again]) {
    field.type = event.target.checked ? "text" : "password";
  }
});
// A browser keeps what was typed as text for its own suggestions; hidden again, it does not.
form.addEventListener("submit", () => {
  password.type = "password";
  again.type = "password";
});
