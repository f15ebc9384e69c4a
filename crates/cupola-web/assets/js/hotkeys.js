// Keys as the page declares them: `data-hotkey="g b"` clicks a link or button, or focuses a field.
// In tables `j` and `k` move, `Enter` opens what has the focus anyway, `Escape` closes what is in front.
const PREFIX_MS = 1200;
const MOVES = { j: 1, k: -1 };
const NO_TEXT = ["checkbox", "radio", "button", "submit", "range", "color", "file"];
let prefix = "";
let forget = 0;

const isTyping = (target) => {
  const field = target.closest?.("input, textarea, select, [contenteditable]");
  return field && !NO_TEXT.includes(field.type);
};
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

// A field is left first, then what is in front closes. An open dialog closes itself.
function escape(target) {
  if (isTyping(target)) return target.blur();
  const menus = [...document.querySelectorAll("details.who[open], details[data-menu][open]")];
  if (menus.length === 0) return document.dispatchEvent(new CustomEvent("dismiss"));
  for (const menu of menus) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
}

// The box with all shortcuts begins with those of this page.
for (const link of document.querySelectorAll("a[data-shortcuts]")) {
  link.search = new URLSearchParams({ at: location.pathname });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") return escape(event.target);
  if (isTyping(event.target)) return;
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
