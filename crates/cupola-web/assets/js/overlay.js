// Curves of many runs over each other: groups with their bands, or runs by themselves. Both come on
// shared columns from the address in `data-curves`.
const SPACING_MS = 2_000;
const HEIGHT = 380;
const COLUMNS_MAX = 600;
const PALE = 0.28;
const BAND_MIN = 3;
const shown = new WeakMap();

const element = () => document.querySelector("#overlay");
const settings = () => document.querySelector("[data-overlay-settings]").dataset;
const isShown = (place) => document.querySelector(`[data-legend="${place}"]`)?.checked ?? true;
const told = (text) => (document.querySelector("[data-overlay-note]").textContent = text);
const picture = (detail) => document.dispatchEvent(new CustomEvent("picture", { detail }));
const counted = (number, one, many) => `${charts.countText(number)} ${number === 1 ? one : many}`;

function behind(found, colour) {
  const pale = charts.pale(charts.colourOf(colour), PALE);
  return ({ label, mean }) => ({ label, x: found.x, mid: mean, colour: pale, isQuiet: true });
}

// Two runs have an interval too, but one so wide that nothing else is seen.
function band(found, { label, mean, low, high, count }, colour) {
  const words = `${label} (${counted(Math.max(0, ...count), "run", "runs")})`;
  const told = (ends) => ends.map((end, at) => (count[at] >= BAND_MIN ? end : null));
  return { label: words, x: found.x, mid: mean, low: told(low), high: told(high), colour };
}

function curvesOf(found) {
  const { kind } = settings();
  if (kind === "runs") {
    const own = ({ place, label, mean, low, high }) => {
      const extremes = low.length > 0 ? { low, high } : {};
      return { label, x: found.x, mid: mean, ...extremes, colour: charts.colourAt(place), isDashed: place % 20 >= 10 };
    };
    return found.curves.filter(({ place }) => isShown(place)).map(own);
  }
  if (kind === "many") {
    const all = found.bands.map((one) => band(found, one, "--curve-1"));
    return [...found.curves.map(behind(found, "--curve-2")), ...all];
  }
  const runs = found.curves.filter(({ group }) => group != null && isShown(group));
  const bands = found.bands.map((one, place) => [one, place]).filter(([one, place]) => isShown(place) && one.count.some(Boolean));
  return [
    ...runs.map((curve) => behind(found, charts.colourAt(curve.group))(curve)),
    ...bands.map(([one, place]) => ({ ...band(found, one, charts.colourAt(place)), isDashed: place % 20 >= 10 })),
  ];
}

function noteOf(found) {
  const words = [];
  if (found.curves.some((curve) => curve.reduced)) words.push("A column stands for several points: their mean, with the least and the largest.");
  if (settings().kind === "groups") words.push("Bands are the 95 % interval of each group’s mean, where it has three runs or more.");
  if (settings().kind === "many") words.push("The band is the 95 % interval of the mean of all runs.");
  if (found.undrawn > 0) words.push(`${counted(found.undrawn, "curve is", "curves are")} not drawn by itself, but counted in the bands.`);
  if (found.without > 0) words.push(`${counted(found.without, "run has", "runs have")} no such curve.`);
  if (found.omitted > 0) words.push(`${counted(found.omitted, "run was", "runs were")} not looked at: there are too many.`);
  return [...words, "Drag to zoom, double click to see all."].join(" ");
}

function draw(state) {
  if (!state.found) return;
  const { smoothing, isLog } = settings();
  const { found, window_ } = state;
  const range = window_?.map((at) => at / unitOf(state)) ?? null;
  const axisLabel = { step: "step", time: "", relative: "since the start", cost: "cost" }[found.axis];
  state.plot.show({ curves: curvesOf(found), axis: found.axis, xLabel: axisLabel, isLogY: isLog === "true", smoothing: Number(smoothing), range });
  told(noteOf(found));
}

// Costs come and are asked for in millionths.
const unitOf = (state) => (new URL(state.url, location.href).searchParams.get("axis") === "cost" ? 1e6 : 1);

// One request at a time; while runs go on, not more often than people can see.
async function load(state) {
  if (state.isBusy) return (state.isStale = true);
  Object.assign(state, { isBusy: true, isStale: false });
  const url = new URL(state.url, location.href);
  url.searchParams.set("width", Math.min(COLUMNS_MAX, Math.max(100, element().clientWidth)));
  for (const [at, key] of ["from", "to"].entries()) {
    if (state.window_) url.searchParams.set(key, state.window_[at]);
    else url.searchParams.delete(key);
  }
  try {
    const answer = await fetch(url);
    if (answer.ok) {
      state.found = await answer.json();
      state.found.x = state.found.x.map((at) => at / unitOf(state));
      draw(state);
    }
  } finally {
    setTimeout(() => {
      state.isBusy = false;
      if (state.isStale && element()) load(state);
    }, state.found && !state.isNew ? SPACING_MS : 0);
    state.isNew = false;
  }
}

function zoom(state, window_) {
  Object.assign(state, { window_, isNew: true });
  picture({ from: window_?.[0], to: window_?.[1] });
  load(state);
}

function begin() {
  const area = element();
  if (!area) return;
  const old = shown.get(area);
  if (old?.url === area.dataset.curves) return draw(old);
  old?.plot.destroy();
  area.replaceChildren();
  const { searchParams } = new URL(area.dataset.curves, location.href);
  const ends = ["from", "to"].map((key) => searchParams.get(key));
  const state = { url: area.dataset.curves, isNew: true, window_: ends.every((end) => end != null) ? ends.map(Number) : null };
  state.plot = new charts.Plot(area.appendChild(document.createElement("div")), {
    height: HEIGHT,
    name: area.dataset.series,
    onZoom: (from, to) => zoom(state, [Math.floor(from * unitOf(state)), Math.ceil(to * unitOf(state))]),
    onReset: () => zoom(state, null),
  });
  if (!old) area.addEventListener("live", () => load(shown.get(area)));
  shown.set(area, state);
  load(state);
}

document.addEventListener("changed", begin);
document.addEventListener("theme", () => element() && shown.get(element()) && draw(shown.get(element())));
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-legend]")) return;
  const all = [...document.querySelectorAll("[data-legend]")];
  picture({ hide: all.filter((box) => !box.checked).map((box) => box.dataset.legend).join(",") });
  draw(shown.get(element()));
});
document.addEventListener("click", (event) => {
  const kind = event.target.closest("[data-overlay]")?.dataset.overlay;
  if (kind) shown.get(element()).plot.download(kind, element().dataset.series);
});
begin();
