// Keys as the page declares them: `data-hotkey="g b"` clicks a link or button, or focuses a field.
// In tables `j` and `k` move, `Enter` opens what has the focus anyway.
const PREFIX_MS = 1200;
const MOVES = { j: 1, k: -1 };
let prefix = "";
let forget = 0;

const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");
const isSeen = (element) => element.getClientRects().length > 0;

function declared() {
  return [...document.querySelectorAll("[data-hotkey]")].filter((element) => element.dataset.hotkey && isSeen(element));
}

function move(by) {
  const rows = [...document.querySelectorAll("table[data-rows] tbody tr")].filter((row) => row.querySelector("a"));
  if (rows.length === 0) return;
  const here = rows.indexOf(document.activeElement.closest("tr"));
  const next = here < 0 ? 0 : Math.min(Math.max(here + by, 0), rows.length - 1);
  rows[next].querySelector("a").focus();
  rows[next].scrollIntoView({ block: "nearest" });
}

function press(element) {
  if (element.matches("input, textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

function nameOf(element) {
  return element.getAttribute("aria-label") || element.placeholder || element.title || element.textContent.trim();
}

function help() {
  const make = (name, ...children) => {
    const element = document.createElement(name);
    element.append(...children);
    return element;
  };
  const line = ([key, text]) => [make("dt", ...key.split(" ").flatMap((k) => [make("kbd", k), " "])), make("dd", text)];
  const lines = declared().map((element) => [element.dataset.hotkey, nameOf(element)]);
  if (document.querySelector("table[data-rows]")) lines.push(["j k", "Next, previous row"], ["Enter", "Open the row"]);
  lines.push(["Esc", "Close, or leave a field"]);
  const title = make("h2", "Keyboard");
  title.id = "dialog-title";
  const box = make("div", title, make("dl", ...lines.flatMap(line)));
  box.className = "keys";
  const dialog = document.querySelector("#dialog");
  dialog.replaceChildren(box);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest('[data-behavior="help"]')) help();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const keys = prefix ? `${prefix} ${event.key}` : event.key;
  const found = declared().find((element) => element.dataset.hotkey === keys);
  clearTimeout(forget);
  prefix = "";
  if (found) press(found);
  else if (MOVES[event.key]) move(MOVES[event.key]);
  else if (declared().some((element) => element.dataset.hotkey.startsWith(`${keys} `))) {
    prefix = keys;
    forget = setTimeout(() => (prefix = ""), PREFIX_MS);
    return;
  } else return;
  event.preventDefault();
});
