// The choices of a comparison show it again; without this script they are a form with a button. The
// address says all that was chosen, so that it shows the same picture to somebody else.
const FOLLOWS = { by: ["a", "b", "hide", "page"], curve: ["from", "to"], axis: ["from", "to"], metric: ["brush"], axes: ["brush"] };

let isAsked = false;
let focused = "";

const controls = () => document.querySelector("#compare-controls");
const part = () => document.querySelector('[data-behavior="compare"]');

// What stands in the fields now is what the page came with, so that the fresh page may replace it.
function settle() {
  for (const option of part().querySelectorAll("option")) option.defaultSelected = option.selected;
  for (const field of part().querySelectorAll("input")) {
    field.defaultChecked = field.checked;
    field.defaultValue = field.value;
  }
}

function note(query, isNew) {
  const address = `${location.pathname}?${query}`;
  if (isNew) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  part().dataset.src = `${controls().dataset.route}?${query}`;
}

// The fresh page says what is chosen: also where the browser's own button led back to.
function restore() {
  for (const option of part().querySelectorAll("option")) option.selected = option.defaultSelected;
  for (const box of part().querySelectorAll('input[type="checkbox"]')) box.checked = box.defaultChecked;
}

function show() {
  isAsked = true;
  settle();
  part().dispatchEvent(new CustomEvent("refresh", { bubbles: true }));
}

function choose(name) {
  const query = new URLSearchParams(location.search);
  for (const key of [name, ...(FOLLOWS[name] ?? [])]) query.delete(key);
  for (const [key, value] of new FormData(controls())) {
    if (key === name && value !== "") query.append(key, value);
  }
  note(query, true);
  show();
}

document.addEventListener("change", (event) => {
  if (event.target.form && event.target.form === controls()) choose(event.target.name);
});

document.addEventListener("changed", () => {
  if (!isAsked || !part()) return;
  isAsked = false;
  restore();
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
  focused = "";
});

// A picture was changed without asking the hub: only the address learns of it.
document.addEventListener("picture", ({ detail }) => {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(detail)) {
    if (value === "" || value == null) query.delete(key);
    else query.set(key, value);
  }
  note(query, false);
});

window.addEventListener("popstate", () => {
  if (!part() || !controls()) return;
  part().dataset.src = `${controls().dataset.route}${location.search}`;
  // A field that has the focus would keep what was chosen in it.
  focused = document.activeElement?.id ?? "";
  document.activeElement?.blur();
  show();
});
