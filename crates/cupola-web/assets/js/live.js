// Keeps parts of the page as the hub has them. A part names the keys it shows in `data-live` and its
// own route in `data-src`; one stream brings the keys that changed. A part without a route is told
// by a `live` event instead and helps itself.
const SPACING_MS = 250;
const RETRY_MS_MAX = 30_000;
const LOOK_MS = 10_000;

const dot = document.querySelector("#connection");
const waiting = new Map();
let stream = null;
let keys = "";
let seq = document.body.dataset.seq ?? "";
let failures = 0;
let retry = 0;

const parts = () => [...document.querySelectorAll("[data-live]")];
const keysOf = (part) => part.dataset.live.split(",").filter(Boolean);

function show(state, text) {
  if (!dot) return;
  dot.dataset.state = state;
  dot.title = `Live changes: ${text}`;
  dot.firstElementChild.textContent = dot.title;
  dot.nextElementSibling.hidden = state !== "lost";
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
      // What a script filled in stays, as long as it is the same thing.
      beforeNodeMorphed: (old, now) =>
        !(old.dataset?.keep && old.dataset.keep === now.dataset?.keep),
    },
  });
  document.dispatchEvent(new CustomEvent("changed"));
  listen();
}

async function fetchPart(id) {
  const src = document.getElementById(id)?.dataset.src;
  if (!src) return;
  const answer = await fetch(src, { headers: { "X-Part": "1" } });
  // Logged out, or the thing is gone: the page itself says which.
  if (answer.status === 401 || answer.status === 404) return location.reload();
  const part = document.getElementById(id);
  if (answer.ok && part?.dataset.src === src) morph(part, await answer.text());
}

// At most one request for a part at a time, and four a second.
async function refresh(part) {
  if (!part.dataset.src) return part.dispatchEvent(new CustomEvent("live"));
  const id = part.id;
  if (waiting.has(id)) return waiting.set(id, true);
  waiting.set(id, false);
  const pause = new Promise((done) => setTimeout(done, SPACING_MS));
  try {
    await fetchPart(id);
  } catch {
    // The stream notices that the hub is gone, and refreshes all when it is back.
  }
  await pause;
  const again = waiting.get(id);
  waiting.delete(id);
  const now = document.getElementById(id);
  if (again && now) refresh(now);
}

function take(message) {
  if (message.lastEventId) seq = message.lastEventId;
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
  show("lost", "lost, trying again");
  failures += 1;
  const wait = Math.min(RETRY_MS_MAX, 500 * 2 ** failures) * (0.5 + Math.random() / 2);
  retry = setTimeout(open, wait);
}

function open() {
  close();
  const query = new URLSearchParams({ keys, ...(seq && { after: seq }) });
  stream = new EventSource(`/events?${query}`);
  stream.onmessage = take;
  stream.addEventListener("ready", (message) => (seq = message.lastEventId));
  // More was missed than the hub can name.
  stream.addEventListener("reset", (message) => {
    seq = message.lastEventId;
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
document.addEventListener("refresh", (event) => refresh(event.target));
// Silence is no event: a part that shows how long somebody has been silent asks to be looked at.
setInterval(() => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[data-look]")) refresh(part);
}, LOOK_MS);
if (location.protocol.startsWith("http")) listen();
