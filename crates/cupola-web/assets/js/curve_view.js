// How the curves of a page are looked at, as its address says it, so that a link shows the same
// picture: `axis`, `smooth`, `scale` (`x`, `y`), `clip`, `window` (`FROM..TO`), beside `match`, `pin`
// and `curves`, which the hub reads. Pins are kept in this browser too, for each template, and hold
// where the address names none.
const AXES = ["step", "time", "relative", "cost"];

// Where the address says nothing: by step, or as the part says that has the curves.
const usual = () => document.querySelector('[data-behavior="curves"]')?.dataset.axis ?? "step";

const query = () => new URLSearchParams(location.search);
const number = (text, least, most) => Math.min(most, Math.max(least, Number(text) || 0));

const read = () => {
  const asked = query();
  const window_ = asked.get("window")?.split("..").map(Number) ?? [];
  const isWindow = window_.length === 2 && window_.every(Number.isFinite) && window_[0] < window_[1];
  return {
    axis: AXES.includes(asked.get("axis")) ? asked.get("axis") : usual(),
    smoothing: number(asked.get("smooth"), 0, 0.99),
    isLogX: asked.getAll("scale").includes("x"),
    isLogY: asked.getAll("scale").includes("y"),
    isClipped: asked.get("clip") === "1",
    range: isWindow ? window_ : null,
  };
};

const write = (changes) => {
  const asked = query();
  for (const [key, value] of Object.entries(changes)) {
    asked.delete(key);
    for (const one of [value].flat()) if (one !== "" && one != null) asked.append(key, one);
  }
  const text = asked.toString();
  history.replaceState(null, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
};

const save = (view) =>
  write({
    axis: view.axis === usual() ? "" : view.axis,
    smooth: view.smoothing || "",
    scale: [view.isLogX && "x", view.isLogY && "y"].filter(Boolean),
    clip: view.isClipped ? "1" : "",
    window: view.range ? view.range.join("..") : "",
  });

// What the hub is asked for: the part of the address that it reads.
const listed = () => {
  const asked = query();
  const own = new URLSearchParams();
  for (const key of ["match", "curves", "pin"]) for (const value of asked.getAll(key)) own.append(key, value);
  return own.toString();
};

const pinsOf = (template) => {
  const named = query().getAll("pin");
  if (named.length > 0) return named;
  try {
    const kept = JSON.parse(localStorage.getItem(`pins:${template}`));
    return Array.isArray(kept) ? kept.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
};

const savePins = (template, pins) => {
  write({ pin: pins, curves: "" });
  try {
    localStorage.setItem(`pins:${template}`, JSON.stringify(pins));
  } catch {
    // A browser that keeps nothing still has the address.
  }
};

globalThis.curveView = { read, write, save, listed, pinsOf, savePins };
