// The curve of a run: points come as JSON from `data-points`, more of them from a cursor.
const charts = new WeakMap();
const HEIGHT = 300;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
const resolved = (name) => {
  // The canvas does not know `light-dark()`: let the browser say what it comes to.
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  probe.style.color = colour(name);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};
const number = (value) => (typeof value === "number" ? value : null);

function options(element, isLog) {
  const axis = { stroke: resolved("--ink-quiet"), grid: { stroke: resolved("--line"), width: 1 }, ticks: { stroke: resolved("--line") } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    scales: { x: { time: false }, y: { distr: isLog ? 3 : 1 } },
    axes: [{ ...axis, label: "step", labelSize: 22 }, { ...axis, size: 64 }],
    series: [
      { label: "step" },
      { label: element.dataset.series, stroke: resolved("--ember"), width: 2, spanGaps: false, value: (_, v) => (v == null ? "–" : v.toPrecision(6)) },
    ],
  };
}

function draw(chart) {
  const isLog = chart.part.querySelector("[data-chart-log]")?.checked ?? false;
  chart.plot?.destroy();
  const values = isLog ? chart.values.map((v) => (v > 0 ? v : null)) : chart.values;
  chart.plot = new uPlot(options(chart.element, isLog), [chart.steps, values], chart.element);
}

// A program that was restarted goes back: its new points replace the later ones.
function add(chart, points) {
  for (const [step, , value] of points) {
    while (chart.steps.length > 0 && chart.steps.at(-1) >= step) {
      chart.steps.pop();
      chart.values.pop();
    }
    chart.steps.push(step);
    chart.values.push(number(value));
  }
}

// The first answer may be thinned out; what comes later is added to it whole.
function note(chart, series) {
  chart.total += series.points_total;
  chart.isReduced ||= series.reduced;
  const text = chart.element.closest(".card").querySelector("[data-chart-note]");
  const drawn = chart.isReduced ? `${chart.steps.length} of ${chart.total} points drawn.` : `${chart.steps.length} ${chart.steps.length === 1 ? "point" : "points"}.`;
  text.textContent = `${drawn} Drag to zoom, double click to see all.`;
}

async function load(chart) {
  if (chart.isBusy) return (chart.isStale = true);
  chart.isBusy = true;
  chart.isStale = false;
  try {
    const separator = chart.url.includes("?") ? "&" : "?";
    const answer = await fetch(chart.next == null ? chart.url : `${chart.url}${separator}after=${chart.next}`);
    if (answer.ok) {
      const series = await answer.json();
      chart.next = series.next;
      add(chart, series.points);
      if (chart.plot && !chart.part.querySelector("[data-chart-log]")?.checked) chart.plot.setData([chart.steps, chart.values]);
      else draw(chart);
      note(chart, series);
    }
  } finally {
    chart.isBusy = false;
  }
  if (chart.isStale) load(chart);
}

function begin(element) {
  const old = charts.get(element);
  if (old?.url === element.dataset.points) return;
  old?.plot?.destroy();
  const chart = { element, part: element.closest(".card"), url: element.dataset.points, steps: [], values: [], next: null, total: 0, isReduced: false };
  charts.set(element, chart);
  if (!old) {
    element.addEventListener("live", () => load(charts.get(element)));
    new ResizeObserver(() => charts.get(element).plot?.setSize({ width: element.clientWidth, height: HEIGHT })).observe(element);
  }
  load(chart);
}

const all = () => document.querySelectorAll('[data-behavior="chart"]');
const redraw = () => all().forEach((element) => charts.get(element)?.plot && draw(charts.get(element)));

document.addEventListener("theme", redraw);
document.addEventListener("changed", () => all().forEach(begin));
document.addEventListener("change", (event) => event.target.matches("[data-chart-log]") && redraw());
all().forEach(begin);
