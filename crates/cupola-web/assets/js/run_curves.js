// Curves of several runs, or of one worker, in one chart (`data-run-curves`): its list names the series,
// which are asked for run by run as their pages do. A curve whose stamp is another has grown and is asked for again.
const SPACING_MS = 2_000;
const HEIGHT = 260;
const COLUMNS_MAX = 600;
const shown = new WeakMap();

const entriesOf = (element) => [...element.querySelectorAll("[data-series]")].map((entry) => entry.dataset);
const finite = (value) => (typeof value === "number" ? value : null);

function curveOf({ label, colour, dashed }, chart, axis) {
  const { columns, reduced } = chart;
  const x = axis === "time" ? columns.time : columns.step;
  const band = reduced ? { low: columns.min, high: columns.max, count: columns.count } : {};
  return { label, colour: charts.colourAt(Number(colour)), isDashed: dashed != null, x, step: columns.step, mid: reduced ? columns.mean : columns.last.map(finite), ...band };
}

// The series of one run in one request.
async function ask(address, entries, axis, width) {
  const query = new URLSearchParams({ axis, width });
  for (const { series } of entries) query.append("name", series);
  const answer = await fetch(`${address}${address.includes("?") ? "&" : "?"}${query}`);
  return answer.ok ? (await answer.json()).charts : [];
}

function draw(element, state) {
  const { axis, across, unit } = element.dataset;
  const curves = entriesOf(element).flatMap((entry) => state.curves.get(`${entry.charts} ${entry.series}`)?.curve ?? []);
  state.plot.show({ curves, axis, xLabel: across, yLabel: unit === "bytes" ? "" : unit, text: unit === "bytes" ? charts.bytesText : null });
}

async function load(element, state) {
  const { axis } = element.dataset;
  const width = Math.min(COLUMNS_MAX, Math.max(100, element.clientWidth));
  const isStale = (entry) => state.curves.get(`${entry.charts} ${entry.series}`)?.stamp !== entry.stamp;
  const byRun = Map.groupBy(entriesOf(element).filter(isStale), (entry) => entry.charts);
  for (const [address, entries] of byRun) {
    const found = await ask(address, entries, axis, width);
    for (const entry of entries) {
      const chart = found.find((one) => one.name === entry.series);
      if (chart) state.curves.set(`${entry.charts} ${entry.series}`, { stamp: entry.stamp, curve: curveOf(entry, chart, axis) });
    }
  }
  draw(element, state);
}

// One look at a time, and no oftener than people can see.
async function refresh(element) {
  const place = element.querySelector(".drawn-plot");
  let state = shown.get(place);
  if (!state) {
    const plot = new charts.Plot(place.appendChild(document.createElement("div")), { name: element.dataset.runCurves, height: HEIGHT });
    shown.set(place, (state = { plot, curves: new Map(), isBusy: false, isStale: false }));
  }
  if (state.isBusy) return (state.isStale = true);
  Object.assign(state, { isBusy: true, isStale: false });
  try {
    await load(element, state);
  } catch {
    // Tried again with the next change.
  }
  await new Promise((done) => setTimeout(done, SPACING_MS));
  state.isBusy = false;
  const now = document.getElementById(element.id);
  if (state.isStale && now) refresh(now);
}

const refreshAll = () => document.querySelectorAll("[data-run-curves]").forEach(refresh);
document.addEventListener("changed", refreshAll);
refreshAll();
