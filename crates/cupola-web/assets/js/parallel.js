// Parallel coordinates: a part of an axis is looked at, and what lies outside fades, here and in the
// other pictures of the page. Parts are shares of an axis, of 100 from below.
const STEP = 5;

const figure = () => document.querySelector('[data-behavior="parallel"]');
const axes = () => [...figure().querySelectorAll(".upright")];
const clamp = (share) => Math.min(100, Math.max(0, share));
let parts = new Map();
let read = null;

const text = () => [...parts].map(([name, [low, high]]) => [encodeURIComponent(name), low.toFixed(1), high.toFixed(1)].join("~")).join(";");

function parse(brush) {
  const entries = brush.split(";").filter(Boolean).map((part) => part.split("~"));
  const known = entries.filter(([, low, high]) => Number.isFinite(Number(low)) && Number.isFinite(Number(high)));
  return new Map(known.map(([name, low, high]) => [decodeURIComponent(name), [Number(low), Number(high)]]));
}

// What a share of an axis is, in the axis' own values.
function valueAt(axis, share) {
  const { scale, low, high } = axis.dataset;
  if (scale === "words") return `${Math.round(share)} %`;
  const [from, to] = [Number(low), Number(high)];
  const value = scale === "log" ? Math.exp(Math.log(from) + (share / 100) * Math.log(to / from)) : from + (share / 100) * (to - from);
  return charts.numberText(Number(value.toPrecision(3)));
}

function mark(axis) {
  const [low, high] = parts.get(axis.dataset.axis) ?? [0, 100];
  const grip = axis.querySelector(".grip");
  const [top, height] = [Number(grip.getAttribute("y")), Number(grip.getAttribute("height"))];
  const rect = axis.querySelector(".brush") ?? axis.appendChild(document.createElementNS(axis.namespaceURI, "rect"));
  rect.setAttribute("class", "brush");
  rect.toggleAttribute("hidden", !parts.has(axis.dataset.axis));
  const place = { x: -7, width: 14, y: top + height * (1 - high / 100), height: (height * (high - low)) / 100 };
  for (const [name, value] of Object.entries(place)) rect.setAttribute(name, value);
  const said = { tabindex: 0, role: "slider", "aria-label": `${axis.dataset.axis}, the part looked at`, "aria-orientation": "vertical" };
  const words = `${valueAt(axis, low)} to ${valueAt(axis, high)}`;
  const now = { "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(high), "aria-valuetext": words };
  for (const [name, value] of Object.entries({ ...said, ...now })) axis.setAttribute(name, value);
}

function isInside(places) {
  return axes().every((axis, at) => {
    const part = parts.get(axis.dataset.axis);
    if (!part) return true;
    const place = Number(places[at]);
    return places[at] !== "-" && place >= part[0] && place <= part[1];
  });
}

function fade() {
  const threads = [...figure().querySelectorAll(".thread")];
  const outside = new Set();
  for (const thread of threads) {
    if (!isInside(thread.dataset.at.split(" "))) outside.add(thread.parentNode.dataset.run);
  }
  for (const one of document.querySelectorAll("#compare [data-run]")) one.classList.toggle("is-faded", outside.has(one.dataset.run));
  const note = figure().querySelector("[data-parallel-note]");
  note.textContent = parts.size > 0 ? `${threads.length - outside.size} of ${threads.length} runs lie within.` : "";
}

function apply(isDone) {
  axes().forEach(mark);
  fade();
  if (isDone) document.dispatchEvent(new CustomEvent("picture", { detail: { brush: text() } }));
}

function look(axis, low, high) {
  const name = axis.dataset.axis;
  if (high - low < 0.5 || (low <= 0 && high >= 100)) parts.delete(name);
  else parts.set(name, [clamp(low), clamp(high)]);
}

function drag(axis, event) {
  const box = axis.querySelector(".grip").getBoundingClientRect();
  const share = ({ clientY }) => clamp(100 * (1 - (clientY - box.top) / box.height));
  const begin = share(event);
  const stop = new AbortController();
  const move = (now) => {
    look(axis, ...[begin, share(now)].sort((a, b) => a - b));
    apply(false);
  };
  const end = (now) => {
    stop.abort();
    move(now);
    apply(true);
  };
  document.addEventListener("pointermove", move, { signal: stop.signal });
  document.addEventListener("pointerup", end, { signal: stop.signal });
  event.preventDefault();
}

function press(axis, event) {
  const up = { ArrowUp: STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowLeft: -STEP }[event.key];
  const [low, high] = parts.get(axis.dataset.axis) ?? [0, 100];
  if (event.key === "Escape") parts.delete(axis.dataset.axis);
  else if (up && event.shiftKey) look(axis, Math.min(clamp(low + up), high - STEP), high);
  else if (up) look(axis, low, Math.max(clamp(high + up), low + STEP));
  else return;
  event.preventDefault();
  apply(true);
}

function begin() {
  if (!figure()) return;
  const { brush } = figure().dataset;
  if (read !== brush) [read, parts] = [brush, parse(brush)];
  apply(false);
}

const axisOf = (target) => target.closest?.('[data-behavior="parallel"] .upright');
document.addEventListener("pointerdown", (event) => axisOf(event.target) && drag(axisOf(event.target), event));
document.addEventListener("keydown", (event) => axisOf(event.target) && press(axisOf(event.target), event));
document.addEventListener("changed", begin);
begin();
