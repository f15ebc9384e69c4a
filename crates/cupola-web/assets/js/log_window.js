// The log of a run: a window of its lines. Earlier and later ones are loaded as one scrolls, and the
// far end is let go of; the hub filters. Following keeps the end in sight until one scrolls up.
const PAGE = 200;
const LINES_MAX = 2000;
const NEAR_PX = 600;
const AT_END_PX = 8;
const TYPING_MS = 200;
const RETRY_MS = 300;
const CONTEXT = 60;
const LEVELS = ["debug", "info", "warn", "error"];

const log = document.querySelector('[data-behavior="log"]');
const part = (name) => log?.querySelector(`[data-log-${name}]`);
const [box, form, place, followButton, wrapButton, filtered] = ["box", "form", "place", "follow", "wrap", "filtered"].map(part);
const count = new Intl.NumberFormat("en-US");
let isFollowing = false;
let isPlacing = false;
let lastTop = 0;
let turn = 0;
let queue = Promise.resolve();
let isLive = false;
let isStale = false;
let isLoading = false;
let typing = 0;

const list = () => box.querySelector("ol");
const lines = () => list().querySelectorAll("li[data-line]");
const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight <= AT_END_PX;
const level = () => form.elements.level.value || "debug";
const text = () => form.elements.text.value;
const levels = () => list().dataset.levels.split(",").map(Number);
const total = () => levels().reduce((sum, n) => sum + n, 0);

function filter() {
  const query = new URLSearchParams();
  if (level() !== "debug") query.set("level", level());
  if (text()) query.set("text", text());
  return query;
}

// One question after the other; what was asked under another filter is forgotten.
function inTurn(work) {
  const mine = turn;
  queue = queue
    .then(() => mine === turn && work(() => mine === turn))
    // The stream says when the hub is back; the cursor has not moved.
    .catch(() => {});
  return queue;
}

async function ask(from, limit = PAGE) {
  const query = filter();
  query.set("from", from);
  query.set("limit", limit);
  const answer = await fetch(`${log.dataset.log}?${query}`);
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = document.adoptNode(page.querySelector("ol.log-lines"));
  document.dispatchEvent(new CustomEvent("fresh", { detail: fresh }));
  return fresh;
}

const size = (some) => some.querySelectorAll("li[data-line]").length;

// An answer looks at a bounded part of the log: of a rare text, several make a page.
async function read(from, isCurrent) {
  const isDown = from === "last" || from.startsWith("before:");
  const found = await ask(from);
  while (isCurrent() && size(found) < PAGE && found.dataset[isDown ? "start" : "end"] !== "true") {
    const more = await ask(isDown ? `before:${found.dataset.from}` : `after:${found.dataset.to}`);
    join(found, more, isDown);
  }
  return found;
}

function join(old, fresh, isBefore) {
  const added = [...fresh.querySelectorAll("li:not(.log-empty)")];
  if (added.length > 0) old.querySelector(".log-empty")?.remove();
  if (isBefore) {
    old.prepend(...added);
    Object.assign(old.dataset, { from: fresh.dataset.from, start: fresh.dataset.start });
  } else {
    old.append(...added);
    Object.assign(old.dataset, { to: fresh.dataset.to, end: fresh.dataset.end });
  }
  Object.assign(old.dataset, { levels: fresh.dataset.levels, over: fresh.dataset.over });
}

// What is far away goes, so that the page stays light however long one scrolls.
function trim(isAtTop) {
  const all = [...list().children];
  const gone = isAtTop ? all.slice(0, -LINES_MAX) : all.slice(LINES_MAX);
  if (gone.length === 0) return;
  gone.forEach((line) => line.remove());
  if (isAtTop) Object.assign(list().dataset, { from: lines()[0].dataset.line, start: "false" });
  else Object.assign(list().dataset, { to: [...lines()].at(-1).dataset.line, end: "false" });
}

function scrollTo(top) {
  isPlacing = true;
  box.scrollTop = top;
  lastTop = box.scrollTop;
  isPlacing = false;
}

function follow(now) {
  isFollowing = now;
  followButton.ariaPressed = String(now);
  followButton.textContent = now ? "Following" : "Follow";
  if (now) scrollTo(box.scrollHeight);
}

// The number of the line at a height of the window.
function lineAt(all, top) {
  let [from, to] = [0, all.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (all[middle].offsetTop + all[middle].offsetHeight > top) to = middle;
    else from = middle + 1;
  }
  return all.length > 0 && count.format(all[from].dataset.line);
}

function tell() {
  const seen = levels();
  log.querySelectorAll("[data-log-count]").forEach((place, at) => (place.textContent = count.format(seen[at])));
  const all = total();
  const matching = text() ? null : seen.slice(LEVELS.indexOf(level())).reduce((sum, n) => sum + n, 0);
  const words = `${count.format(all)} ${all === 1 ? "line" : "lines"}`;
  const which = matching === null || matching === all ? "" : `, ${count.format(matching)} at this level`;
  const here = lines();
  const [first, last] = [lineAt(here, box.scrollTop + 1), lineAt(here, box.scrollTop + box.clientHeight - 1)];
  place.textContent = first ? `${first}–${last} of ${words}${which}` : words + which;
  const query = filter();
  filtered.hidden = query.size === 0;
  filtered.href = `${log.dataset.download}?${query}`;
}

function changed() {
  tell();
  log.dispatchEvent(new CustomEvent("log-changed", { detail: { text: text(), level: level(), to: total() } }));
}

// Another window, in place of this one.
function show(from, settle) {
  turn += 1;
  box.ariaBusy = "true";
  return inTurn(async (isCurrent) => {
    const fresh = await read(from, isCurrent);
    if (!isCurrent()) return;
    list().replaceWith(fresh);
    settle();
    changed();
  }).then(() => (box.ariaBusy = "false"));
}

const earlier = () =>
  inTurn(async (isCurrent) => {
    if (list().dataset.start === "true" || box.scrollTop > NEAR_PX) return;
    const fresh = await read(`before:${list().dataset.from}`, isCurrent);
    if (!isCurrent()) return;
    const height = box.scrollHeight;
    const top = box.scrollTop;
    join(list(), fresh, true);
    scrollTo(top + box.scrollHeight - height);
    trim(false);
    changed();
  });

const later = () =>
  inTurn(async (isCurrent) => {
    const fresh = await read(`after:${list().dataset.to}`, isCurrent);
    if (!isCurrent()) return;
    join(list(), fresh, false);
    const height = box.scrollHeight;
    const top = box.scrollTop;
    trim(true);
    scrollTo(isFollowing ? box.scrollHeight : top + box.scrollHeight - height);
    changed();
  });

// More was written: it is shown if the end is, else only counted.
function live() {
  isStale = isLive;
  if (isLive) return;
  isLive = true;
  const isShown = isFollowing || (list().dataset.end === "true" && isAtEnd());
  (isShown ? later() : counted()).then(() => {
    isLive = false;
    if (isStale) live();
  });
}

const counted = () =>
  inTurn(async (isCurrent) => {
    const { dataset } = await ask(`after:${list().dataset.to}`, 0);
    if (!isCurrent()) return;
    list().dataset.levels = dataset.levels;
    if (dataset.end !== "true") list().dataset.end = "false";
    changed();
  });

function goFirst() {
  follow(false);
  return show("first", () => scrollTo(0));
}

function goLast() {
  if (list().dataset.end === "true") return follow(true);
  return show("last", () => follow(true));
}

function goLine(number) {
  follow(false);
  form.elements.level.value = "debug";
  form.elements.text.value = "";
  const line = Math.min(Math.max(number, 1), Math.max(total(), 1));
  return show(String(Math.max(line - CONTEXT, 1)), () => mark(line));
}

function mark(line) {
  const here = list().querySelector(`[data-line="${line}"]`);
  here?.classList.add("is-here");
  if (here) scrollTo(here.offsetTop - box.clientHeight / 3);
}

function refilter() {
  const isLive = isFollowing;
  show(isLive ? "last" : "first", () => (isLive ? follow(true) : scrollTo(0)));
}

function scrolled() {
  if (isPlacing) return;
  if (isFollowing && box.scrollTop < lastTop - 1) follow(false);
  lastTop = box.scrollTop;
  tell();
  if (isLoading) return;
  const below = box.scrollHeight - box.scrollTop - box.clientHeight;
  const isEarlier = box.scrollTop < NEAR_PX && list().dataset.start !== "true";
  const isLater = below < NEAR_PX && list().dataset.end !== "true";
  if (!isEarlier && !isLater) return;
  isLoading = true;
  (isEarlier ? earlier() : later()).then(() => {
    isLoading = false;
    // At the very edge nothing scrolls any more that would ask again, were this load in vain.
    setTimeout(scrolled, RETRY_MS);
  });
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
  if (event.key === "Home") goFirst();
  else if (event.key === "End") goLast();
  else return;
  event.preventDefault();
}

if (log) {
  log.addEventListener("live", live);
  log.addEventListener("keydown", pressed);
  box.addEventListener("scroll", scrolled, { passive: true });
  followButton.addEventListener("click", () => (isFollowing ? follow(false) : goLast()));
  wrapButton.addEventListener("click", () => {
    const isUnwrapped = box.classList.toggle("is-unwrapped");
    wrapButton.ariaPressed = String(!isUnwrapped);
  });
  log.addEventListener("click", (event) => {
    const go = event.target.closest("[data-log-go], .log-number");
    if (!go || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (go.dataset.logGo === "first") goFirst();
    else if (go.dataset.logGo === "last") goLast();
    else goLine(Number(go.closest("li").dataset.line));
  });
  form.addEventListener("input", (event) => {
    clearTimeout(typing);
    if (event.target.name === "text") typing = setTimeout(refilter, TYPING_MS);
    else if (event.target.name === "level") refilter();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const line = form.elements.from.valueAsNumber;
    if (document.activeElement === form.elements.from && line) goLine(line);
  });
  const asked = Number(new URLSearchParams(location.search).get("from"));
  if (asked) goLine(asked);
  else if (list().dataset.end === "true") follow(true);
  else follow(false);
  changed();
}
