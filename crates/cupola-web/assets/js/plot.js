// A chart of one or several curves, drawn with uPlot. The whole interface is
//
//   const plot = new charts.Plot(element, options);
//   plot.show(model);            as often as something changes
//   plot.download(kind, title);  "svg" or "png"; plot.svg(title) gives the text
//   plot.destroy();
//
// options, all of them optional:
//   height    in pixels; a function is asked at every drawing (default 220)
//   group     charts of the same group share one crosshair, by step
//   name      what the chart is called for who cannot see it
//   onZoom    (from, to) in units of the axis: somebody wants this window. Without it the chart shows
//             the window of what it has.
//   onReset   () somebody wants to see all again
//   onPoint   (at) the crosshair is at this column of the first curve; null when it is gone
//
// model:
//   curves    [{ label, colour, x, mid, low, high, step, count, lost, restarts, isDashed }]
//             `x` and `mid` are lists of one length; where `mid` is null the line has a gap, which is
//             also how a column without a finite value is given. `low` and `high` draw the band
//             behind the line (least and greatest of a column, or an interval). `step` is what the
//             crosshair goes by (default `x`), `count` how many points a column stands for. `lost`
//             names what is not finite in a column: "NaN", "Infinity", "-Infinity" or a number of
//             such values; it is marked at the edge. `restarts` [{ x, text }] are dashed lines.
//             `colour` is a name of the style sheet (`--ember`, charts.colourAt(n)) or a colour.
//             All of them may have different `x`. One that `isQuiet` is drawn and not read out.
//   axis      "step" (default), "time" and "relative" (milliseconds), or "value" for anything else
//   xLabel, yLabel
//   text      how values are written; `charts.numberText` unless said
//   isLogX, isLogY
//   isClipped whether the outermost values are left out of the range from bottom to top
//   smoothing 0 to 0.999: weight of the moving average; the curve itself stays behind it, pale
//   range     [from, to] to show on the axis from left to right; null for all
//   ends      [least, greatest] of the axis from bottom to top; null for those of what is drawn
//
// With the mouse: drag to zoom, shift and drag to move, double click for all. With the keyboard, once
// the chart has the focus: arrows move the crosshair, with shift the window; + and - zoom; 0 shows all.
const HEIGHT = 220;
const INCREMENTS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 4320e5, 864e6, 2592e6];
// Steps are counted.
const INCREMENTS_WHOLE = Array.from({ length: 16 }, (_, digits) => [1, 2, 5].map((first) => first * 10 ** digits)).flat();
// What one place has to its left and right, by the axis.
const ROOM = { time: 30_000, relative: 1_000 };
// A chart on paper is drawn so wide, whatever the page is.
const PAPER_WIDTH = 680;
const all = new Set();
let isOnPaper = false;

const isFinite = (value) => value != null && Number.isFinite(value);
const sameLists = (a, b) => a === b || (a.length === b.length && a.every((value, at) => value === b[at]));

// One list of places for all curves, and each curve's values at them: `undefined` where it has no
// point, which does not break its line.
function aligned(curves) {
  const [first, ...others] = curves;
  if (others.every((curve) => sameLists(curve.x, first.x))) {
    const at = first.x.map((_, index) => index);
    return { xs: first.x, at: curves.map(() => at) };
  }
  const xs = [...new Set(curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
  const places = new Map(xs.map((x, index) => [x, index]));
  const at = curves.map((curve) => {
    const own = new Array(xs.length).fill(undefined);
    for (const [index, x] of curve.x.entries()) own[places.get(x)] = index;
    return own;
  });
  return { xs, at };
}

const spread = (values, at) => at.map((index) => (index === undefined ? undefined : values[index]));

// Bands and lines from the rearmost to the foremost.
function partsOf(model, { at }) {
  const parts = [];
  const onAxis = model.isLogY ? charts.positive : (values) => values;
  for (const [n, curve] of model.curves.entries()) {
    const stroke = charts.colourOf(curve.colour ?? charts.colourAt(n));
    const own = (values) => spread(onAxis(values), at[n]);
    const hasBand = curve.low && curve.high && curve.low.some((low, index) => low !== curve.high[index]);
    if (hasBand) parts.push({ kind: "band", curve: n, low: own(curve.low), high: own(curve.high), fill: charts.pale(stroke, 0.2), edge: charts.pale(stroke, 0.35) });
    const isSmoothed = model.smoothing > 0;
    if (isSmoothed) parts.push({ kind: "line", curve: n, values: own(curve.mid), stroke: charts.pale(stroke, 0.4), width: 1 });
    const values = isSmoothed ? charts.smoothed(curve.mid, model.smoothing) : curve.mid;
    parts.push({ kind: "line", curve: n, isMain: true, values: own(values), stroke, width: 2, isDashed: curve.isDashed });
  }
  return parts;
}

// What uPlot is given: its series in the order of the parts, a band being two of them.
function seriesOf(parts) {
  const [data, series, bands] = [[], [{}], []];
  const edge = { width: 1, points: { show: false } };
  for (const part of parts) {
    if (part.kind === "band") {
      bands.push({ series: [series.length + 1, series.length], fill: part.fill });
      data.push(part.low, part.high);
      // The edges are drawn, so that a band of one column is seen.
      series.push({ ...edge, stroke: part.edge }, { ...edge, stroke: part.edge });
    } else {
      data.push(part.values);
      const points = part.isMain ? { size: 4, fill: part.stroke } : { show: false };
      series.push({ stroke: part.stroke, width: part.width, dash: part.isDashed ? [6, 4] : undefined, points, spanGaps: false, isMain: part.isMain });
    }
  }
  return { data, series, bands };
}

const steps = (curve) => curve.step ?? curve.x;

const UPWARDS_LEAST = 40;

// The axis from bottom to top is as wide as its longest number.
function upwardsSize(plot, texts, at, cycle) {
  const axis = plot.axes[at];
  if (cycle > 1) return axis._size;
  const longest = (texts ?? []).reduce((a, b) => ((b ?? "").length > a.length ? b : a), "");
  plot.ctx.font = axis.font[0];
  const text = plot.ctx.measureText(longest).width / (window.devicePixelRatio || 1);
  return Math.max(UPWARDS_LEAST, Math.ceil(axis.ticks.size + axis.gap + text + 2));
}

class Plot {
  constructor(element, options = {}) {
    Object.assign(this, { element, options, model: null, plot: null, drawn: null, key: "" });
    element.classList.add("plot-chart");
    element.tabIndex = 0;
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", options.name ? `Chart of ${options.name}` : "Chart");
    this.area = element.appendChild(document.createElement("div"));
    this.readout = element.appendChild(document.createElement("p"));
    this.readout.className = "plot-readout";
    element.addEventListener("keydown", (event) => this.press(event));
    element.addEventListener("blur", () => this.readout.removeAttribute("aria-live"));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(element);
    charts.joinGroup(options.group, this);
    all.add(this);
  }

  get width() {
    return isOnPaper ? PAPER_WIDTH : Math.max(120, this.element.clientWidth);
  }

  get height() {
    const { height } = this.options;
    return typeof height === "function" ? height() : (height ?? HEIGHT);
  }

  show(model) {
    this.model = model;
    this.element.setAttribute("aria-label", this.description());
    if (model.curves.length === 0 || model.curves.every((curve) => curve.x.length === 0)) return this.clear();
    const found = aligned(model.curves);
    const parts = partsOf(model, found);
    const { data, series, bands } = seriesOf(parts);
    this.drawn = { curves: model.curves, xs: found.xs, at: found.at, parts, colours: this.colours() };
    const shape = parts.map(({ kind, stroke, fill }) => [kind, stroke, fill]);
    const key = JSON.stringify([shape, model.axis, model.isLogX, model.isLogY, model.xLabel, model.yLabel, this.drawn.colours]);
    if (this.plot && key === this.key) return this.plot.setData([found.xs, ...data]);
    this.plot?.destroy();
    this.key = key;
    this.plot = new uPlot(this.plotOptions(series, bands), [found.xs, ...data], this.area);
  }

  clear() {
    this.plot?.destroy();
    Object.assign(this, { plot: null, drawn: null, key: "" });
    this.readout.textContent = "";
  }

  destroy() {
    this.clear();
    this.observer.disconnect();
    charts.leaveGroup(this.options.group, this);
    all.delete(this);
  }

  svg(title) {
    return this.drawn ? charts.svg(this.plot, this.drawn, title) : "";
  }

  async download(kind, title) {
    if (!this.drawn) return;
    const name = charts.fileName(title, kind);
    if (kind === "png") return charts.saveBlob(await charts.png(this.plot, this.drawn, title), name);
    charts.saveBlob(new Blob([this.svg(title)], { type: "image/svg+xml" }), name);
  }

  // Where the crosshair is to stand, by step; for the group.
  pointAt(step) {
    if (!this.plot) return;
    if (step == null) return this.plot.setCursor({ left: -10, top: -10 }, false), this.read(null);
    const curve = this.drawn.curves[0];
    const at = charts.nearest(steps(curve), step);
    if (at == null) return;
    this.plot.setCursor({ left: this.plot.valToPos(curve.x[at], "x"), top: -10 }, false);
    this.read(curve.x[at]);
  }

  colours() {
    const { colourOf } = charts;
    return { ink: colourOf("--ink"), quiet: colourOf("--ink-quiet"), line: colourOf("--line"), bad: colourOf("--bad"), ground: colourOf("--surface") };
  }

  description() {
    const numberText = this.text();
    const of = (curve) => {
      const values = curve.mid.filter(isFinite);
      const low = (curve.low ?? curve.mid).filter(isFinite);
      const high = (curve.high ?? curve.mid).filter(isFinite);
      if (values.length === 0) return `${curve.label}: no finite values`;
      const [least, most] = [low.reduce((a, b) => Math.min(a, b)), high.reduce((a, b) => Math.max(a, b))];
      return `${curve.label}: last ${numberText(values.at(-1))}, least ${numberText(least)}, greatest ${numberText(most)}`;
    };
    const name = this.options.name ? `Chart of ${this.options.name}. ` : "Chart. ";
    return name + this.model.curves.filter((curve) => !curve.isQuiet).slice(0, 20).map(of).join("; ");
  }

  text() {
    return this.model.text ?? charts.numberText;
  }

  plotOptions(series, bands) {
    const { model, drawn } = this;
    const { quiet, line } = drawn.colours;
    const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "11px system-ui, sans-serif" };
    const numbers = (_, splits) => charts.markTexts(splits);
    const values = (_, splits) => (model.text ? splits.map((value) => (value == null ? null : model.text(value))) : charts.markTexts(splits));
    const onLog = (_, splits) => splits.map((value) => (charts.isLabelled(value, splits.length) ? charts.numberText(value) : null));
    const lasting = (_, splits) => splits.map((value) => (value == null ? null : charts.placeText("relative", value)));
    const isCounted = (model.axis ?? "step") === "step" && !model.isLogX;
    // The crosshair has a point on each line, none on the edges of bands.
    const mains = new Set(series.flatMap(({ isMain }, at) => (isMain ? [at] : [])));
    const across = { ...axis, size: model.xLabel ? 30 : 32, label: model.xLabel, labelSize: 18, labelFont: axis.font, space: 64 };
    if (model.axis === "relative") Object.assign(across, { values: lasting, incrs: INCREMENTS_MS, space: 80 });
    else if (model.axis === "time") Object.assign(across, { values: charts.timeTexts, space: 80 });
    else Object.assign(across, { values: model.isLogX ? onLog : numbers, incrs: isCounted ? INCREMENTS_WHOLE : undefined });
    return {
      width: this.width,
      height: this.height,
      // The last mark stands half beyond the axis.
      padding: [8, model.axis === "time" ? 36 : 18, 0, 0],
      ms: 1,
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: (_, at) => (mains.has(at) ? 7 : 0) }, bind: this.bindings(), focus: { prox: -1 } },
      select: { over: true },
      scales: {
        x: { time: model.axis === "time", distr: model.isLogX ? 3 : 1, range: (_, low, high) => this.across(low, high) },
        y: { distr: model.isLogY ? 3 : 1, range: () => this.upwards() },
      },
      axes: [across, { ...axis, size: upwardsSize, values: model.isLogY ? onLog : values, label: model.yLabel, labelSize: 18, labelFont: axis.font }],
      series,
      bands,
      hooks: {
        draw: [(plot) => charts.drawMarks(plot, this.drawn)],
        setCursor: [(plot) => this.moved(plot)],
        setSelect: [(plot) => this.selected(plot)],
      },
    };
  }

  across(low, high) {
    const { range, isLogX } = this.model;
    let [from, to] = range ?? [low, high];
    if (isLogX) {
      const least = this.drawn.xs.find((x) => x > 0) ?? 1;
      [from, to] = [from > 0 ? from : least, to > 0 ? to : 10 * least];
      return from === to ? [from / 2, to * 2] : [from, to];
    }
    const room = ROOM[this.model.axis] ?? 1;
    return from === to || from == null ? [(from ?? 0) - room, (to ?? 0) + room] : [from, to];
  }

  upwards() {
    const { model, drawn } = this;
    if (model.ends) return model.ends;
    const [from, to] = model.range ?? [-Infinity, Infinity];
    const inside = (values) => values.filter((_, at) => drawn.xs[at] >= from && drawn.xs[at] <= to);
    const lists = drawn.parts.flatMap((part) => {
      if (part.kind === "line") return [inside(part.values)];
      return model.isClipped ? [] : [inside(part.low), inside(part.high)];
    });
    return charts.extent(lists, model.isClipped, model.isLogY);
  }

  bindings() {
    return {
      mousedown: (plot, _, begin) => (event) => (event.shiftKey && event.button === 0 ? this.drag(plot, event) : begin(event)),
      dblclick: () => () => this.reset(),
    };
  }

  drag(plot, event) {
    const [from, to] = [plot.scales.x.min, plot.scales.x.max];
    const begin = event.clientX;
    const shifted = (now) => {
      const by = plot.posToVal(0, "x") - plot.posToVal(now - begin, "x");
      return [from + by, to + by];
    };
    const stop = new AbortController();
    let window_ = [from, to];
    const move = (now) => {
      window_ = shifted(now.clientX);
      this.model = { ...this.model, range: window_ };
      plot.redraw(false, true);
      plot.setScale("x", { min: window_[0], max: window_[1] });
    };
    document.addEventListener("mousemove", move, { signal: stop.signal });
    document.addEventListener("mouseup", () => (stop.abort(), window_[0] !== from && this.zoom(...window_)), { signal: stop.signal });
    event.preventDefault();
  }

  selected(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoom(from, to);
  }

  zoom(from, to) {
    if (!(to > from)) return;
    if (this.options.onZoom) this.options.onZoom(from, to);
    else this.show({ ...this.model, range: [from, to] });
  }

  // Closer by `factor`, around the crosshair or else the middle.
  zoomBy(factor) {
    if (!this.plot) return;
    const { min, max } = this.plot.scales.x;
    const { left } = this.plot.cursor;
    const middle = left > 0 ? this.plot.posToVal(left, "x") : (min + max) / 2;
    this.zoom(middle - (middle - min) / factor, middle + (max - middle) / factor);
  }

  shiftBy(share) {
    const { min, max } = this.plot.scales.x;
    this.zoom(min + share * (max - min), max + share * (max - min));
  }

  reset() {
    if (this.options.onReset) this.options.onReset();
    else this.show({ ...this.model, range: null });
  }

  press(event) {
    if (!this.plot || event.ctrlKey || event.altKey || event.metaKey || event.target !== this.element) return;
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const moves = { "+": () => this.zoomBy(2), "-": () => this.zoomBy(0.5), 0: () => this.reset() };
    const ends = { Home: 0, End: this.drawn.curves[0].x.length - 1 };
    if (sideways && event.shiftKey) this.shiftBy(sideways / 4);
    else if (sideways) this.step(sideways);
    else if (event.key in ends) this.stepTo(ends[event.key]);
    else if (moves[event.key]) moves[event.key]();
    else return;
    event.preventDefault();
  }

  step(by) {
    const { x } = this.drawn.curves[0];
    const at = this.here == null ? (by > 0 ? -1 : x.length) : charts.nearest(x, this.here);
    this.stepTo(Math.min(x.length - 1, Math.max(0, at + by)));
  }

  stepTo(at) {
    const x = this.drawn.curves[0].x[at];
    this.readout.setAttribute("aria-live", "polite");
    this.plot.setCursor({ left: this.plot.valToPos(x, "x"), top: 1 });
  }

  // The crosshair moved, by the mouse or the keyboard: the group follows.
  moved(plot) {
    const isGone = plot.cursor.left == null || plot.cursor.left < 0;
    const x = isGone ? null : plot.posToVal(plot.cursor.left, "x");
    this.read(x);
    const curve = this.drawn.curves[0];
    const at = isGone ? null : charts.nearest(curve.x, x);
    charts.followGroup(this.options.group, this, at == null ? null : steps(curve)[at]);
  }

  read(x) {
    this.here = x;
    const { curves } = this.drawn;
    const at = x == null ? null : charts.nearest(curves[0].x, x);
    this.options.onPoint?.(at);
    this.readout.replaceChildren(...(x == null ? [] : this.values(x)));
  }

  // What stands under the crosshair, in words.
  values(x) {
    const { curves, parts, at: places } = this.drawn;
    const first = curves[0].x[charts.nearest(curves[0].x, x)];
    const parted = [Object.assign(document.createElement("b"), { textContent: charts.placeText(this.model.axis ?? "step", curves.length > 1 ? x : first) })];
    for (const [n, curve] of curves.entries()) {
      const at = charts.nearest(curve.x, x);
      if (at == null || curve.isQuiet) continue;
      const entry = document.createElement("span");
      if (curves.length > 1) {
        const swatch = entry.appendChild(document.createElement("i"));
        swatch.style.background = parts.find((part) => part.curve === n && part.isMain).stroke;
        entry.append(`${curve.label} `);
      }
      entry.append(this.valueText(curve, n, at, places[n].indexOf(at)));
      parted.push(entry);
    }
    return parted;
  }

  valueText(curve, n, at, place) {
    const [numberText, { countText }] = [this.text(), charts];
    const lost = curve.lost?.[at];
    const words = [curve.mid[at] == null && lost ? lostText(lost) : numberText(curve.mid[at])];
    if (curve.low?.[at] != null && curve.low[at] !== curve.high[at]) words.push(`${numberText(curve.low[at])} to ${numberText(curve.high[at])}`);
    if (curve.count?.[at] > 1) words.push(`of ${countText(curve.count[at])} points`);
    if (lost && curve.mid[at] != null) words.push(lostText(lost));
    if (this.model.smoothing > 0) {
      const main = this.drawn.parts.find((part) => part.curve === n && part.isMain);
      words.push(`smoothed ${numberText(main.values[place])}`);
    }
    return words.join(", ");
  }

  resize() {
    const { width, height } = this;
    if (this.plot && (this.plot.width !== width || this.plot.height !== height)) this.plot.setSize({ width, height });
  }
}

const lostText = (lost) => (typeof lost === "number" ? `${charts.countText(lost)} not finite` : { Infinity: "∞", "-Infinity": "-∞" }[lost] ?? lost);

const showAll = () => {
  for (const plot of all) if (plot.model) plot.show(plot.model);
};

// Paper is light and has a width of its own, whatever the page is.
const print = (isPaper) => {
  isOnPaper = isPaper;
  document.documentElement.toggleAttribute("data-paper", isPaper);
  showAll();
  for (const plot of all) plot.resize();
};

document.addEventListener("theme", showAll);
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));
document.addEventListener("changed", () => {
  for (const plot of all) if (!plot.element.isConnected) plot.destroy();
});

charts.Plot = Plot;
