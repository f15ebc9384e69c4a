// A form that the hub makes of a schema. Its buttons change it in place instead of on a new page, the
// hub says what is wrong while one types, and nothing typed is lost while the hub is away. Without
// this script every button is a page of its own.
const PAUSE_MS = 300;
const AGAIN_MS = 3_000;
const PATIENCE_MS = 15_000;
const FORM = 'form[data-behavior="form"]';
const FIELDS = "input:not([type=hidden]), select, textarea";
const AWAY = "The hub does not answer. All that you typed is here: try again.";

let isChanged = false;
let asked = 0;
let pause = 0;
// A message comes to a field that somebody was in, and stays away from those still to come.
const touched = new Set();

function say(form, text) {
  form.querySelector("[data-form-state]").textContent = text;
}

// --- While one types: messages only.

function describe(field, id, isWrong) {
  const words = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((word) => word && word !== id);
  if (isWrong) words.unshift(id);
  if (words.length > 0) field.setAttribute("aria-describedby", words.join(" "));
  else field.removeAttribute("aria-describedby");
  if (!field.matches("fieldset")) {
    if (isWrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

function put(place, message) {
  const id = `${place.id}-error`;
  const box = place.matches("fieldset") ? place : place.closest(".field");
  let line = document.getElementById(id);
  if (message && !line) {
    line = document.createElement("p");
    line.id = id;
    line.className = "field-error";
    const before = place.matches("fieldset") ? place.querySelector("legend").nextSibling : document.getElementById(`${place.id}-hint`);
    box.insertBefore(line, before);
  }
  if (message && line.textContent !== message) line.textContent = message;
  if (!message) line?.remove();
  if (!place.matches("fieldset")) box.classList.toggle("is-wrong", Boolean(message));
  describe(place, id, Boolean(message));
}

const isTouched = (id) => touched.has(id) || [...touched].some((name) => name.startsWith(`${id}.`));

function show(form, problems) {
  const messages = new Map();
  for (const { field, message } of problems) if (!messages.has(field)) messages.set(field, message);
  for (const place of form.querySelectorAll(`${FIELDS}, fieldset[id]`)) {
    if (!place.id) continue;
    const message = messages.get(place.id);
    const wasWrong = document.getElementById(`${place.id}-error`) !== null;
    if (message ? wasWrong || isTouched(place.id) : wasWrong) put(place, message);
  }
  const summary = form.querySelector("#errors");
  for (const line of summary?.querySelectorAll("[data-mistake]") ?? []) {
    if (!messages.has(line.dataset.mistake)) line.remove();
  }
  if (problems.length === 0) summary?.remove();
  say(form, problems.length === 0 ? "Everything fits." : `${problems.length} ${problems.length === 1 ? "thing" : "things"} to fill in or correct.`);
}

async function check(form) {
  clearTimeout(pause);
  const mine = ++asked;
  const later = () => (pause = setTimeout(check, AGAIN_MS, form));
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.dataset.check, { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (mine !== asked || form.inert) return;
    if (answer.ok) return show(form, await answer.json());
    if (answer.status === 401) return say(form, "You are logged out: log in again in another tab, then go on here.");
    if (answer.status < 500) return say(form, "");
    later();
  } catch {
    if (mine !== asked || form.inert) return;
    say(form, "The hub does not answer. All that you typed is here.");
    later();
  }
}

function note(event) {
  const form = event.target.closest?.(FORM);
  if (!form) return;
  isChanged = true;
  touched.add(event.target.id);
  clearTimeout(pause);
  pause = setTimeout(check, PAUSE_MS, form);
}

// --- Its buttons.

const foldsOf = (form) => new Map([...form.querySelectorAll("details[data-fold]")].map((fold) => [fold.dataset.fold, fold.open]));

// Items take along whether they are folded.
function moved(folds, op) {
  const [, verb, list, number] = /^(remove|up|down):(.+)\.(\d+)$/.exec(op) ?? [];
  if (!verb) return folds;
  const start = `config.${list}.`;
  const at = Number(number);
  const other = verb === "up" ? at - 1 : at + 1;
  const places = new Map();
  for (const [name, isOpen] of folds) {
    if (!name.startsWith(start)) {
      places.set(name, isOpen);
      continue;
    }
    const [was, ...rest] = name.slice(start.length).split(".");
    let now = Number(was);
    if (verb === "remove" && now === at) continue;
    if (verb === "remove" && now > at) now -= 1;
    else if (verb !== "remove" && now === at) now = other;
    else if (verb !== "remove" && now === other) now = at;
    places.set(start + [now, ...rest].join("."), isOpen);
  }
  return places;
}

function unfold(element) {
  for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}

function focus(form, id) {
  const target = id && document.getElementById(id);
  const field = target?.matches("fieldset") ? (target.querySelector(FIELDS) ?? target) : target;
  if (!field) return;
  unfold(field);
  field.focus({ preventScroll: true });
  field.scrollIntoView({ block: "nearest" });
}

function render(form, fresh, op) {
  const folds = moved(foldsOf(form), op);
  document.dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
  Idiomorph.morph(form, fresh, { morphStyle: "outerHTML" });
  const now = document.querySelector(FORM);
  for (const fold of now.querySelectorAll("details[data-fold]")) fold.open = folds.get(fold.dataset.fold) ?? fold.open;
  now.querySelectorAll("[aria-invalid]").forEach(unfold);
  document.dispatchEvent(new CustomEvent("changed"));
  const wrong = now.querySelector("[aria-invalid]") ?? now.querySelector("#errors");
  if (wrong) {
    wrong.focus({ preventScroll: true });
    wrong.scrollIntoView({ block: "center" });
  } else {
    focus(now, now.dataset.focus);
  }
  return now;
}

async function send(form, op, button) {
  clearTimeout(pause);
  asked += 1;
  const body = new URLSearchParams(new FormData(form));
  body.set("op", op);
  const isSaving = ["save", "start"].includes(op);
  form.inert = true;
  let now = form;
  try {
    const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.redirected && !new URL(answer.url).pathname.startsWith("/login")) {
      isChanged = false;
      return location.assign(answer.url);
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector(FORM);
    if (!fresh) throw new Error(answer.status === 401 || answer.redirected ? "You are logged out: log in again in another tab, then try again." : (page.querySelector("main p")?.textContent ?? AWAY));
    isChanged = true;
    now = render(form, fresh, op);
    if (!isSaving && touched.size > 0) check(now);
  } catch (error) {
    form.inert = false;
    say(form, error instanceof TypeError || error.name === "TimeoutError" ? AWAY : error.message);
    button?.focus();
  } finally {
    now.inert = false;
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches(FORM) || typeof Idiomorph === "undefined") return;
  event.preventDefault();
  send(event.target, event.submitter?.value ?? "save", event.submitter);
});

// --- The rest of it.

// The arrows move a number by its step, within its bounds.
function step(event) {
  const { target, key } = event;
  const by = Number(target.dataset?.step) * ({ ArrowUp: 1, ArrowDown: -1 }[key] ?? 0);
  if (!by || !target.closest(FORM)) return;
  const { min, max } = target.dataset;
  const value = Number(target.value || target.placeholder || min || 0);
  if (!Number.isFinite(value)) return;
  event.preventDefault();
  const digits = Math.max(...[target.dataset.step, String(value)].map((text) => (/^-?\d+\.(\d+)$/.exec(text)?.[1] ?? "").length));
  let next = Number((value + by).toFixed(Math.min(digits, 15)));
  if (min) next = Math.max(next, Number(min));
  if (max) next = Math.min(next, Number(max));
  target.value = String(next);
  target.dispatchEvent(new Event("input", { bubbles: true }));
}

// A folded item says in a line what stands in it.
function summarise(fold) {
  const line = fold.querySelector(":scope > summary .item-summary");
  if (!line) return;
  const fields = [...fold.querySelectorAll(":scope > fieldset > .field")].flatMap((box) => {
    const field = box.querySelector("input:not([type=hidden]):not([type=checkbox]), select, textarea");
    return field?.value ? [`${box.querySelector("label").firstChild.textContent.trim()} ${field.value.slice(0, 24)}`] : [];
  });
  line.textContent = fields.slice(0, 3).join(", ");
}

document.addEventListener("input", note);
document.addEventListener("change", (event) => {
  const form = event.target.closest?.(FORM);
  if (form && event.target.name === "template") send(form, "template", event.target);
});
document.addEventListener("keydown", step);
document.addEventListener("toggle", (event) => event.target.matches?.(`${FORM} details.item-fold`) && summarise(event.target), true);
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#errors a");
  if (!link) return;
  event.preventDefault();
  const form = link.closest("form") ?? document;
  focus(form, decodeURIComponent(link.hash.slice(1)));
});
addEventListener("beforeunload", (event) => {
  if (isChanged && document.querySelector(FORM)) event.preventDefault();
});
