// Keeps parts of the page as the hub has them. A part names the keys it shows in `data-live` and its
// own route in `data-src`; one stream brings the keys that changed. A part without a route is told
// by a `live` event instead and helps itself. When the stream breaks, the page stays as it is, and
// goes on from the last change it saw as soon as the hub is there again.
const SPACING_MS_MIN = 40;
const SPACING_MS_MAX = 2_000;
const RETRY_MS_MAX = 5_000;
const LOOK_MS = 10_000;
// The hub says every 15 s that it is there: a stream that is silent for longer is dead, for instance
// because this machine slept.
const SILENCE_MS_MAX = 40_000;
const NO_TEXT = ["checkbox", "radio"];

const dot = document.querySelector("#connection");
const waiting = new Map();
const stale = new Set();
let stream = null;
let keys = "";
let seq = document.body.dataset.seq ?? "";
let failures = 0;
let retry = 0;
let heardAt = 0;

const parts = () => [...document.querySelectorAll("[data-live]")];
const keysOf = (part) => part.dataset.live.split(",").filter(Boolean);

// Whether somebody has typed or chosen what the page did not come with.
function isChanged(field) {
  if (NO_TEXT.includes(field.type)) return field.checked !== field.defaultChecked;
  if (!field.options) return field.value !== field.defaultValue;
  const options = [...field.options];
  const first = options.some((option) => option.defaultSelected) ? -1 : 0;
  return options.some((option, at) => option.selected !== (option.defaultSelected || at === first));
}

function show(state, text) {
  if (!dot) return;
  dot.dataset.state = state;
  dot.title = `Live changes: ${text}`;
  dot.firstElementChild.textContent = dot.title;
  for (const note of document.querySelectorAll("[data-connection]")) note.hidden = note.dataset.connection !== state;
}

function morph(part, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (!fresh) return;
  document.dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
  Idiomorph.morph(part, fresh, {
    morphStyle: "outerHTML",
    ignoreActiveValue: true,
    callbacks: {
      // What a person opened stays open.
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.matches("details, dialog")),
      // What a script filled in stays, as long as it is the same thing; so does what somebody typed.
      beforeNodeMorphed: (old, now) =>
        !(old.dataset?.keep && old.dataset.keep === now.dataset?.keep) &&
        !(old.matches?.("input, textarea, select") && isChanged(old)),
    },
  });
  document.dispatchEvent(new CustomEvent("changed"));
  listen();
}

async function fetchPart(id) {
  const src = document.getElementById(id)?.dataset.src;
  if (!src) return;
  const answer = await fetch(src, { headers: { "X-Part": "1" } });
  if (answer.status === 401) return lose();
  // The thing is gone: the page itself says so, unless that would cost somebody what they typed.
  const fields = document.querySelectorAll("form :is(input, textarea, select)");
  if (answer.status === 404 && ![...fields].some(isChanged)) return location.reload();
  if (!answer.ok) throw new Error(`the part was answered ${answer.status}`);
  const part = document.getElementById(id);
  if (part?.dataset.src === src) morph(part, await answer.text());
}

// One request for a part at a time. The first change is shown at once; further ones take their time
// from how long the hub takes.
async function refresh(part) {
  if (!part.dataset.src) return part.dispatchEvent(new CustomEvent("live"));
  const id = part.id;
  if (waiting.has(id)) return waiting.set(id, true);
  waiting.set(id, false);
  const startedAt = performance.now();
  try {
    await fetchPart(id);
    stale.delete(id);
  } catch {
    // Tried again when the hub is next heard of.
    stale.add(id);
  }
  const pause = Math.max(SPACING_MS_MIN, 2 * (performance.now() - startedAt));
  await new Promise((done) => setTimeout(done, Math.min(SPACING_MS_MAX, pause)));
  const again = waiting.get(id);
  waiting.delete(id);
  const now = document.getElementById(id);
  if (again && now) refresh(now);
}

function refreshStale() {
  for (const id of [...stale]) {
    const part = document.getElementById(id);
    if (part) refresh(part);
    else stale.delete(id);
  }
}

function hear(message) {
  heardAt = Date.now();
  if (message.lastEventId) seq = message.lastEventId;
}

function take(message) {
  hear(message);
  const changed = new Set(JSON.parse(message.data));
  for (const part of parts()) {
    if (keysOf(part).some((key) => changed.has(key))) refresh(part);
  }
}

function close() {
  stream?.close();
  stream = null;
  clearTimeout(retry);
}

function lose() {
  close();
  failures += 1;
  if (dot?.dataset.state !== "expired") show("lost", "reconnecting");
  const wait = Math.min(RETRY_MS_MAX, 250 * 2 ** failures) * (0.5 + Math.random() / 2);
  retry = setTimeout(open, wait);
  askWhoWeAre();
}

// A stream does not say why it ended. Without a login it cannot come back.
async function askWhoWeAre() {
  try {
    const answer = await fetch("/toasts", { headers: { "X-Part": "1" } });
    if (stream?.readyState === EventSource.OPEN) return;
    if (answer.status === 401) show("expired", "logged out");
    else show("lost", "reconnecting");
  } catch {
    // The hub is not there either.
  }
}

function open() {
  close();
  const query = new URLSearchParams({ keys, ...(seq && { after: seq }) });
  stream = new EventSource(`/events?${query}`);
  heardAt = Date.now();
  stream.onmessage = take;
  stream.addEventListener("ready", hear);
  stream.addEventListener("alive", (message) => {
    hear(message);
    refreshStale();
  });
  // More was missed than the hub can name, or the number is not one of its own.
  stream.addEventListener("reset", (message) => {
    hear(message);
    parts().forEach(refresh);
  });
  stream.onerror = lose;
  stream.onopen = () => {
    show("on", "connected");
    if (failures > 0) parts().forEach(refresh);
    failures = 0;
  };
}

function listen() {
  const union = [...new Set(parts().flatMap(keysOf))].sort().join(",");
  if (union === keys) return;
  keys = union;
  if (keys) open();
}

// A hidden page lets go of its connection: a browser has six of them for a host.
document.addEventListener("visibilitychange", () => {
  if (!keys) return;
  if (document.hidden) {
    close();
    show("off", "paused");
  } else {
    failures += 1;
    open();
  }
});
window.addEventListener("online", () => keys && !document.hidden && open());
document.addEventListener("refresh", (event) => refresh(event.target));
// Nothing that was filled in is sent to where nobody is.
document.addEventListener("submit", (event) => {
  if (dot?.dataset.state !== "lost" || event.target.method !== "post") return;
  event.preventDefault();
  document.querySelector('[data-connection="lost"]').textContent = "reconnecting… send it when the hub is back";
});
setInterval(() => {
  if (stream && Date.now() - heardAt > SILENCE_MS_MAX) lose();
}, LOOK_MS / 2);
// Silence is no event: a part that shows how long somebody has been silent asks to be looked at.
setInterval(() => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[data-look]")) refresh(part);
}, LOOK_MS);
if (location.protocol.startsWith("http")) listen();
