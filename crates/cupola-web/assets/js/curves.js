// The curves of a run or a worker: each is drawn once it comes into view, from as many columns as it has pixels,
// and goes on from a cursor as points arrive. All are looked at in the same way (`curve_view.js`).
const BATCH = 8;
const WIDTH_STEP = 100;
const TYPING_MS = 250;
const COLUMNS_MAX = 3;
const { textOf, countText, placeText } = charts;

const section = () => document.querySelector('[data-behavior="curves"]');
const cards = new Map();
const waiting = new Set();
const heard = new WeakSet();
let view = curveView.read();
let isBusy = false;
let typing = 0;

const finite = (value) => (typeof value === "number" ? value : null);
const word = (value) => (typeof value === "string" ? value : null);

// Columns as they came, as lists of one length each. Those that are points have themselves as least
// and greatest.
function listsOf({ reduced, columns }) {
  const { step, time, last } = columns;
  const own = last.map(finite);
  if (!reduced) return { step, time, mid: own, low: own.slice(), high: own.slice(), count: last.map(() => 1), lost: last.map(word) };
  const lost = columns.count.map((count, at) => count - (columns.finite?.[at] ?? count) || null);
  return { step, time, mid: columns.mean, low: columns.min, high: columns.max, count: columns.count, lost };
}

const append = (before, after) => Object.fromEntries(Object.entries(before).map(([key, list]) => [key, list.concat(after[key])]));

function taken(card, chart) {
  const lists = listsOf(chart);
  card.isReduced = chart.appended ? card.isReduced || chart.reduced : chart.reduced;
  card.lists = chart.appended && card.lists ? append(card.lists, lists) : lists;
  card.chart = chart;
  card.cursor = chart.cursor;
  card.isStale = false;
}

// By time, points may have come in another order than by step.
function inOrder(curve) {
  if (curve.x.every((x, at) => at === 0 || curve.x[at - 1] <= x)) return curve;
  const order = curve.x.map((_, at) => at).sort((a, b) => curve.x[a] - curve.x[b]);
  const lists = Object.entries(curve).map(([key, value]) => [key, key !== "restarts" && Array.isArray(value) ? order.map((at) => value[at]) : value]);
  return Object.fromEntries(lists);
}

// Costs begin with the lease and go on with time.
const MICROS = 1e6;
const costAt = (time, [since, each]) => (time - since) * each;
const across = (step, time, { beganAt, pace }) => ({ step, time, relative: time - beganAt, cost: costAt(time, pace ?? [time, 0]) })[view.axis];

function modelOf(card) {
  const { lists, chart } = card;
  const x = lists.step.map((step, at) => across(step, lists.time[at], card));
  const restarts = chart.restarts.map(([step, time]) => ({ x: across(step, time, card), text: `restarted at step ${countText(step)}` }));
  const { step, mid, low, high, count, lost } = lists;
  const curve = inOrder({ label: card.name, colour: "--ember", x, step, mid, low, high, count, lost, restarts });
  return { ...view, curves: [curve], text: textOf(card.name) };
}

function draw(card) {
  if (!card.lists) return;
  card.plot.show(modelOf(card));
  card.note.textContent = noteOf(card);
}

// What the picture leaves out, in words.
function noteOf({ lists, chart, isReduced }) {
  const points = lists.count.reduce((sum, count) => sum + count, 0);
  const shown = lists.step.length;
  const words = [];
  if (points === 0) words.push(chart.points_total > 0 ? "no points in this window" : "no points");
  else if (isReduced) words.push(`reduced: ${countText(shown)} columns of ${countText(points)} points`);
  else words.push(points === 1 ? "1 point" : `all ${countText(points)} points`);
  const lost = lists.lost.reduce((sum, one) => sum + (typeof one === "number" ? one : one ? 1 : 0), 0);
  if (lost > 0) words.push(`${countText(lost)} not finite`);
  const off = lists.mid.filter((value, at) => (view.isLogY && value != null && value <= 0) || (view.isLogX && view.axis === "step" && lists.step[at] <= 0)).length;
  if (off > 0) words.push(`${countText(off)} not above 0, off the logarithmic axis`);
  const [times, latest] = [chart.restarts_total, chart.restarts.at(-1)];
  if (times === 1) words.push(`restarted at step ${countText(latest[0])}`);
  if (times > 1) words.push(`restarted ${countText(times)} times, last at step ${countText(latest[0])}`);
  if (chart.superseded > 0) words.push(`${countText(chart.superseded)} points replaced`);
  return words.join(" · ");
}

function tell(card) {
  const { last, min, max } = card.chart;
  const text = { last: last && (finite(last[2]) ?? last[2]), min, max };
  for (const [key, value] of Object.entries(text)) {
    const place = card.element.querySelector(`[data-curve-${key}]`);
    place.textContent = typeof value === "string" ? value : textOf(card.name)(value);
    place.title = value ?? "";
  }
}

const columnsOf = (card) => Math.max(WIDTH_STEP, Math.ceil(card.element.clientWidth / WIDTH_STEP) * WIDTH_STEP);

function windowQuery() {
  const asked = new URLSearchParams({ axis: view.axis });
  if (!view.range) return asked;
  const unit = view.axis === "cost" ? MICROS : 1;
  asked.set("from", Math.floor(view.range[0] * unit));
  asked.set("to", Math.ceil(view.range[1] * unit));
  return asked;
}

// Cards of one width in one request: those that have been drawn go on from where they are.
function batch() {
  for (const card of waiting) if (!card.isVisible || !card.element.isConnected) waiting.delete(card);
  const [first] = waiting;
  const width = first ? columnsOf(first) : 0;
  const chosen = [...waiting].filter((card) => columnsOf(card) === width).slice(0, BATCH);
  for (const card of chosen) waiting.delete(card);
  return { width, batch: chosen };
}

function address(width, wanted) {
  const asked = windowQuery();
  asked.set("width", width);
  for (const card of wanted) {
    asked.append("name", card.name);
    const isLong = (card.lists?.step.length ?? 0) > COLUMNS_MAX * width;
    asked.append("after", card.isStale && card.key === keyNow() && !view.range && !isLong ? card.cursor : "");
  }
  return `${section().dataset.charts}?${asked}`;
}

// Columns of another axis or window are no beginning for more.
const keyNow = () => `${view.axis} ${view.range ?? ""}`;

async function load() {
  if (isBusy) return;
  isBusy = true;
  try {
    for (let next = batch(); next.batch.length > 0; next = batch()) await fetchCharts(next.width, next.batch);
  } finally {
    isBusy = false;
  }
}

async function fetchCharts(width, wanted) {
  const key = keyNow();
  let body;
  try {
    const answer = await fetch(address(width, wanted));
    if (!answer.ok) throw new Error(answer.status);
    body = await answer.json();
  } catch {
    for (const card of wanted) if (!card.lists) card.note.textContent = "The curve cannot be loaded; it is tried again with the next point.";
    return;
  }
  // Somebody looked elsewhere meanwhile.
  if (key !== keyNow()) return wanted.forEach((card) => waiting.add(card));
  const found = new Map(body.charts.map((chart) => [chart.name, chart]));
  for (const card of wanted) {
    const chart = found.get(card.name);
    if (!chart) continue;
    Object.assign(card, { beganAt: body.began_at, pace: body.pace, key, width });
    taken(card, chart);
    tell(card);
    draw(card);
  }
  const grid = section();
  if (String(body.names) !== grid.dataset.names) grid.dispatchEvent(new CustomEvent("refresh", { bubbles: true }));
}

function want(card) {
  waiting.add(card);
  if (card.isVisible) load();
}

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const card = cards.get(target);
      if (!card) continue;
      card.isVisible = isIntersecting;
      if (isIntersecting && (!card.lists || card.isStale || card.key !== keyNow())) want(card);
      else if (isIntersecting) draw(card);
    }
  },
  { rootMargin: "200px" },
);

const isFull = (element) => element.matches(":popover-open");
const height = (element) => () => (isFull(element) ? Math.max(200, window.innerHeight - 220) : 200);

function begin(element) {
  if (cards.has(element)) return;
  const name = element.dataset.curve;
  const place = element.querySelector("[data-curve-plot]");
  const plot = new charts.Plot(place, { name, height: height(element), group: "curves", onZoom: zoom, onReset: () => zoom(null) });
  const card = { element, name, plot, note: element.querySelector("[data-curve-note]"), lists: null, cursor: null, isVisible: false, isStale: false };
  cards.set(element, card);
  element.querySelector("[data-curve-csv]").addEventListener("click", (event) => {
    const asked = windowQuery();
    asked.set("name", name);
    event.currentTarget.href = `${section().dataset.points}?${asked}`;
  });
  element.addEventListener("toggle", ({ newState }) => fit(element, newState === "open"));
  watcher.observe(element);
}

// Whole places: the hub counts steps and milliseconds.
function zoom(from, to) {
  const range = from == null ? null : [Math.floor(from), Math.ceil(to)];
  look({ range: range && range[0] < range[1] ? range : view.range && from != null ? view.range : null });
}

// Everything is drawn anew: from what is here where that suffices, else from the hub.
function look(changes) {
  const before = keyNow();
  view = { ...view, ...changes };
  curveView.save(view);
  showTools();
  for (const card of cards.values()) {
    if (before !== keyNow()) want(card);
    else if (card.isVisible) draw(card);
  }
}

function showTools() {
  const form = document.querySelector("[data-curves-form]");
  if (!form) return;
  const axis = form.querySelector(`[name=axis][value=${view.axis}]`);
  if (axis) axis.checked = true;
  form.elements.smooth.value = view.smoothing;
  form.querySelector("output").textContent = view.smoothing;
  for (const [box, key] of [...form.querySelectorAll("[name=scale]")].map((box, at) => [box, ["isLogX", "isLogY"][at]])) box.checked = view[key];
  form.elements.clip.checked = view.isClipped;
  const range = form.querySelector("[data-curves-window]");
  range.hidden = !view.range;
  if (view.range) range.firstElementChild.textContent = view.range.map((at) => placeText(view.axis, at)).join(" to ");
}

// Another part of the list: the part of the page is asked for again.
function list(changes) {
  curveView.write(changes);
  const part = section();
  const asked = curveView.listed();
  part.dataset.src = part.dataset.route + (asked ? `?${asked}` : "");
  part.dispatchEvent(new CustomEvent("refresh", { bubbles: true }));
}

function pin(button) {
  const { template } = section().dataset;
  const { curve: name } = button.closest("[data-curve]").dataset;
  const pins = curveView.pinsOf(template);
  const isPinned = pins.includes(name);
  curveView.savePins(template, isPinned ? pins.filter((one) => one !== name) : [...pins, name]);
  button.setAttribute("aria-pressed", String(!isPinned));
  list({});
}

function toggleFull(element) {
  if (isFull(element)) return element.hidePopover();
  element.popover = "auto";
  element.showPopover();
}

// In full screen a curve has more columns.
function fit(element, isOpen) {
  const card = cards.get(element);
  element.querySelector("[data-curve-full]").setAttribute("aria-pressed", String(isOpen));
  if (!isOpen) element.removeAttribute("popover");
  card.plot.resize();
  if (isOpen && card.width !== columnsOf(card)) {
    card.key = null;
    want(card);
  }
}

function start() {
  const part = section();
  if (!part) return;
  for (const [element, card] of cards) {
    if (element.isConnected) continue;
    watcher.unobserve(element);
    card.plot.destroy();
    cards.delete(element);
  }
  part.querySelectorAll("[data-curve]").forEach(begin);
  const live = part.querySelector("[data-curves-live]");
  if (live && !heard.has(live)) {
    heard.add(live);
    live.addEventListener("live", arrive);
  }
  // A part that was just shown knows nothing of what somebody keeps pinned.
  const pins = curveView.pinsOf(part.dataset.template);
  for (const button of part.querySelectorAll("[data-curve-pin]")) {
    button.setAttribute("aria-pressed", String(pins.includes(button.closest("[data-curve]").dataset.curve)));
  }
}

// Points came: those in view go on, the others once they are looked at. A window stands still.
function arrive() {
  if (cards.size === 0) return section().dispatchEvent(new CustomEvent("refresh", { bubbles: true }));
  for (const card of cards.values()) {
    card.isStale = card.lists != null;
    if (card.isVisible && !view.range) want(card);
  }
}

document.addEventListener("changed", start);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-curve-pin], [data-curve-full], [data-curve-file], [data-curves-all]");
  if (button?.matches("[data-curves-all]")) return zoom(null);
  if (button?.matches("[data-curve-pin]")) return pin(button);
  const element = button?.closest("[data-curve]");
  if (button?.matches("[data-curve-full]")) return toggleFull(element);
  if (button) return cards.get(element)?.plot.download(button.dataset.curveFile, element.dataset.curve);
  const link = event.target.closest("[data-curves-page]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  list({ curves: new URL(link.href).searchParams.get("curves") ?? "" });
  section().scrollIntoView({ block: "start" });
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-curves-form]");
  if (!form) return;
  const { name, value, checked } = event.target;
  if (name === "match") {
    clearTimeout(typing);
    typing = setTimeout(() => list({ match: value, curves: "" }), TYPING_MS);
  } else if (name === "axis") look({ axis: value, range: null });
  else if (name === "smooth") look({ smoothing: Number(value) });
  else if (name === "scale") look(value === "x" ? { isLogX: checked } : { isLogY: checked });
  else if (name === "clip") look({ isClipped: checked });
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-curves-form]")) return;
  event.preventDefault();
  clearTimeout(typing);
  list({ match: event.target.elements.match.value, curves: "" });
});
document.addEventListener("theme", () => cards.forEach(draw));

if (section()) {
  showTools();
  start();
  const pins = curveView.pinsOf(section().dataset.template);
  if (pins.length > 0 && !new URLSearchParams(location.search).has("pin")) list({ pin: pins });
}
