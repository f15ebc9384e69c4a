// What is computed of a curve before it is drawn, and how its numbers are written. Shared through the
// global object `charts`, because scripts stand alone.

// Exponential moving average without the pull of its first value. What is not finite is passed over.
const smoothed = (values, weight) => {
  let sum = 0;
  let share = 0;
  return values.map((value) => {
    if (value == null || !Number.isFinite(value)) return value;
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return sum / share;
  });
};

const OUTSIDE = 0.02;

// The distance of two numbers that are no larger is a number.
const LARGEST = Number.MAX_VALUE / 2;

// To one digit, which is what a logarithmic axis can be labelled with; never `value` itself.
const rounded = (value, by) => {
  const decade = 10 ** Math.floor(Math.log10(value));
  const digit = by(value / decade);
  if (digit * decade !== value) return digit * decade;
  return by === Math.ceil ? (digit + 1) * decade : digit === 1 ? (9 * decade) / 10 : (digit - 1) * decade;
};

// Least and greatest of what is drawn. With `isClipped` the outermost two in a hundred on each side
// do not count.
const extent = (lists, isClipped, isLog) => {
  const values = lists.flat().filter((value) => Number.isFinite(value) && (!isLog || value > 0));
  if (values.length === 0) return isLog ? [1, 10] : [0, 1];
  values.sort((a, b) => a - b);
  const at = (share) => values[Math.min(values.length - 1, Math.floor(share * values.length))];
  const [low, high] = isClipped && values.length > 4 ? [at(OUTSIDE), at(1 - OUTSIDE)] : [values[0], values.at(-1)];
  if (isLog) return [rounded(low, Math.floor), rounded(high, Math.ceil)];
  const room = low === high ? Math.abs(low) * 0.1 || 1 : high * 0.06 - low * 0.06;
  return [Math.max(low - room, -LARGEST), Math.min(high + room, LARGEST)];
};

// On a logarithmic axis with so many marks: between several decades there is room for few numbers.
const isLabelled = (value, marks) => {
  const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  const isWhole = Math.abs(digit - Math.round(digit)) < 1e-6;
  return isWhole && (marks <= 10 || (marks <= 30 ? [1, 2, 5] : [1]).includes(Math.round(digit)));
};

// For a logarithmic axis: what is at or below zero has no place on it.
const positive = (values) => values.map((value) => (value == null || value > 0 ? value : null));

// Six digits are more than anybody reads off a chart.
const numberText = (value) => {
  if (value == null) return "–";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return exponential(value, 4);
  return String(Number(value.toPrecision(6)));
};

const exponential = (value, digits) => value.toExponential(digits).replace(/\.?0*e\+?/, "e");

// Marks of an axis, with as many digits as it takes to tell them apart.
const markTexts = (marks) => {
  const there = marks.filter((mark) => mark != null);
  const step = Math.min(...there.slice(1).map((mark, at) => Math.abs(mark - there[at])));
  const size = Math.max(...there.map(Math.abs));
  const digits = Math.ceil(Math.log10(size / step)) + 1;
  const isFine = there.length > 1 && Number.isFinite(digits) && digits > 5;
  const fine = (mark) => {
    if (size >= 1e15 || step < 1e-9) return exponential(mark, Math.min(16, digits));
    return mark.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  };
  return marks.map((mark) => (mark == null ? null : isFine ? fine(mark) : numberText(mark)));
};

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

// Bytes in the units of `ui::format::bytes`.
const bytesText = (value) => {
  if (value == null || !Number.isFinite(value)) return numberText(value);
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10)));
  const amount = value / 1024 ** unit;
  return `${unit === 0 ? numberText(amount) : Number(amount.toPrecision(4))} ${UNITS[unit]}`;
};

// How the values of a series are written, by the unit that its name says.
const textOf = (name) => {
  if (/[._]bytes_per_second$/.test(name)) return (value) => `${bytesText(value)}/s`;
  return /[._]bytes$/.test(name) ? bytesText : numberText;
};

const countText = (count) => Math.round(count).toLocaleString("en");

const DAY_MS = 86_400_000;
const two = (number) => String(number).padStart(2, "0");
const dateText = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
const hourText = (at) => `${two(at.getHours())}:${two(at.getMinutes())}`;
const clockTextOf = (at) => `${hourText(at)}:${two(at.getSeconds())}`;

// Marks of a time axis, by 24 hours: as much of date and hour as it takes to tell them apart.
const timeTexts = (_, marks, axis, space, step) => {
  const spans = marks.at(-1) - marks[0];
  const text = (at) => {
    if (step >= DAY_MS) return dateText(at);
    if (spans >= DAY_MS) return `${dateText(at).slice(5)} ${hourText(at)}`;
    if (step >= 60_000) return hourText(at);
    return step >= 1_000 ? clockTextOf(at) : `${clockTextOf(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
  };
  return marks.map((mark) => (mark == null ? null : text(new Date(mark))));
};

// A place on the axis from left to right.
const placeText = (axis, x) => {
  if (axis === "time") return `${dateText(new Date(x))} ${clockTextOf(new Date(x))}`;
  if (axis === "cost") return `cost ${numberText(x)}`;
  if (axis === "relative") return (x < 0 ? "-" : "") + durationText(Math.abs(x));
  return Number.isInteger(x) ? `step ${countText(x)}` : numberText(x);
};

// The canvas does not know `light-dark()`: let the browser say what a colour comes to.
const colourOf = (name) => {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  probe.style.color = name.startsWith("--") ? `var(${name})` : name;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};

const pale = (colour, share) => `color-mix(in srgb, ${colour} ${Math.round(100 * share)}%, transparent)`;

const COLOURS = 10;

// The colour of the n-th of several curves, as a name of the style sheet.
const colourAt = (n) => `--curve-${(n % COLOURS) + 1}`;

globalThis.charts = { smoothed, extent, positive, isLabelled, numberText, markTexts, bytesText, textOf, countText, timeTexts, placeText, colourOf, colourAt, pale };
