// A chart as a file: the picture as it is drawn, as SVG or PNG.
const FONT = "system-ui, sans-serif";
const PAD = 8;
const TITLE = 26;

const namespace = () => new DOMParser().parseFromString("<svg>", "text/html").body.firstChild.namespaceURI;

const element = (name, attributes, text) => {
  const made = document.createElementNS(namespace(), name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text != null) made.textContent = text;
  return made;
};

const short = (value) => Number(value.toFixed(2));

// A line as a path: `undefined` is passed over, `null` breaks it.
function lineOf(plot, xs, values, close) {
  let path = "";
  let isDown = false;
  for (const [at, value] of values.entries()) {
    if (value === undefined) continue;
    if (value === null) isDown = false;
    else {
      path += `${isDown ? "L" : "M"}${short(plot.valToPos(xs[at], "x"))} ${short(plot.valToPos(value, "y"))}`;
      if (!isDown && !close) path += "h0";
      isDown = true;
    }
  }
  return path;
}

function areaOf(plot, xs, low, high) {
  const places = xs.map((_, at) => at).filter((at) => low[at] != null && high[at] != null);
  const point = (values) => (at) => `${short(plot.valToPos(xs[at], "x"))} ${short(plot.valToPos(values[at], "y"))}`;
  const there = places.map(point(high));
  const back = places.reverse().map(point(low));
  return there.length ? `M${[...there, ...back].join("L")}Z` : "";
}

function axisParts(plot, colours, box) {
  const [across, up] = plot.axes;
  const parts = [];
  const text = { "font-size": 11, fill: colours.quiet, "font-family": FONT };
  for (const [at, split] of (across._splits ?? []).entries()) {
    const x = plot.valToPos(split, "x");
    if (across._values[at] == null || x < 0 || x > box.width) continue;
    parts.push(element("line", { x1: x, x2: x, y1: 0, y2: box.height, stroke: colours.line }));
    parts.push(element("text", { ...text, x, y: box.height + 16, "text-anchor": "middle" }, String(across._values[at]).replaceAll("\n", " ")));
  }
  for (const [at, split] of (up._splits ?? []).entries()) {
    const y = plot.valToPos(split, "y");
    if (up._values[at] == null || y < 0 || y > box.height) continue;
    parts.push(element("line", { x1: 0, x2: box.width, y1: y, y2: y, stroke: colours.line }));
    parts.push(element("text", { ...text, x: -8, y: y + 4, "text-anchor": "end" }, up._values[at]));
  }
  return parts;
}

// Colours as every program reads them: what the browser computes may be `oklch(…)` or a mixture.
function plainColours(root) {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const plain = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    return { hex: `#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}`, opacity: alpha / 255 };
  };
  for (const part of root.querySelectorAll("[fill], [stroke]")) {
    for (const name of ["fill", "stroke"]) {
      const colour = part.getAttribute(name);
      if (colour == null || colour === "none") continue;
      const { hex, opacity } = plain(colour);
      part.setAttribute(name, hex);
      if (opacity < 1) part.setAttribute(`${name}-opacity`, short(opacity));
    }
  }
}

// The chart as the text of an SVG file. `drawn` is what `Plot` keeps of it.
function svg(plot, drawn, title) {
  const ratio = window.devicePixelRatio || 1;
  const box = { left: plot.bbox.left / ratio, top: plot.bbox.top / ratio, width: plot.bbox.width / ratio, height: plot.bbox.height / ratio };
  const [width, height] = [plot.width + 2 * PAD, plot.height + TITLE + PAD];
  const { colours } = drawn;
  const root = element("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  root.append(element("title", {}, title), element("rect", { width, height, fill: colours.ground }));
  root.append(element("text", { x: PAD, y: 18, "font-size": 13, "font-weight": 600, fill: colours.ink, "font-family": FONT }, title));
  const area = element("g", { transform: `translate(${short(box.left + PAD)} ${short(box.top + TITLE)})` });
  const clip = element("clipPath", { id: "area" });
  clip.append(element("rect", { width: short(box.width), height: short(box.height) }));
  const lines = element("g", { "clip-path": "url(#area)", fill: "none", "stroke-linejoin": "round" });
  for (const part of drawn.parts) {
    if (part.kind === "band") lines.append(element("path", { d: areaOf(plot, drawn.xs, part.low, part.high), fill: part.fill, stroke: part.edge }));
    else lines.append(element("path", { d: lineOf(plot, drawn.xs, part.values), stroke: part.stroke, "stroke-width": part.width, "stroke-linecap": "round" }));
  }
  for (const curve of drawn.curves) {
    for (const restart of curve.restarts ?? []) {
      const x = plot.valToPos(restart.x, "x");
      lines.append(element("line", { x1: x, x2: x, y1: 0, y2: box.height, stroke: colours.quiet, "stroke-dasharray": "4 3" }));
    }
    for (const { x, word } of charts.lostMarks(curve, curve.x)) {
      const y = word === "Infinity" ? 10 : box.height - 3;
      const sign = { Infinity: "▲", "-Infinity": "▼" }[word] ?? "×";
      lines.append(element("text", { x: plot.valToPos(x, "x"), y, fill: colours.bad, "font-size": 11, "text-anchor": "middle" }, sign));
    }
  }
  area.append(clip, ...axisParts(plot, colours, box), lines);
  root.append(area);
  plainColours(root);
  return new XMLSerializer().serializeToString(root);
}

// The same as pixels.
function png(plot, drawn, title) {
  const ratio = window.devicePixelRatio || 1;
  const from = plot.ctx.canvas;
  const canvas = document.createElement("canvas");
  canvas.width = from.width + 2 * PAD * ratio;
  canvas.height = from.height + (TITLE + PAD) * ratio;
  const context = canvas.getContext("2d");
  context.fillStyle = drawn.colours.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = drawn.colours.ink;
  context.font = `600 ${13 * ratio}px ${FONT}`;
  context.fillText(title, PAD * ratio, 18 * ratio);
  context.drawImage(from, PAD * ratio, TITLE * ratio);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

// A name that every file system takes.
const fileName = (title, kind) => `${title.replaceAll(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 80) || "chart"}.${kind}`;

Object.assign(charts, { svg, png, saveBlob: save, fileName });
