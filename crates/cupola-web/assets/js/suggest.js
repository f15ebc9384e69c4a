// Suggests names for the word at the caret of a field, as the hub knows them. Without this script the
// field takes the same text.
const SUGGEST_PAUSE_MS = 120;
const WORD = /[\p{L}\p{N}_."\/-]*$/u;
let suggestPause = 0;

const listOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
const optionsOf = (field) => [...(listOf(field)?.children ?? [])];

function prepare(field) {
  if (field.hasAttribute("aria-controls")) return;
  const list = document.createElement("ul");
  list.id = `${field.id}-suggestions`;
  list.className = "suggestions";
  list.role = "listbox";
  list.hidden = true;
  list.setAttribute("aria-label", "Names");
  field.after(list);
  for (const [name, value] of [["role", "combobox"], ["aria-controls", list.id], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) field.setAttribute(name, value);
}

function close(field) {
  const list = listOf(field);
  if (!list || list.hidden) return false;
  list.hidden = true;
  list.replaceChildren();
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
  return true;
}

function open(field, names) {
  close(field);
  if (!names.length) return;
  const list = listOf(field);
  list.append(...names.map((name, at) => {
    const option = document.createElement("li");
    option.id = `${list.id}-${at}`;
    option.role = "option";
    option.textContent = name;
    return option;
  }));
  list.hidden = false;
  field.setAttribute("aria-expanded", "true");
}

const wordAt = (field) => field.value.slice(0, field.selectionStart).match(WORD)[0];

async function suggest(field) {
  const word = wordAt(field);
  if (!word) return close(field);
  const words = field.dataset.words.split(" ").filter((each) => each.startsWith(word) && each !== word);
  if (!/^(params|metrics|tags)\./.test(word)) return open(field, words);
  const query = new URLSearchParams({ prefix: word });
  const answer = await fetch(`${field.dataset.route}?${query}`);
  if (!answer.ok || wordAt(field) !== word || document.activeElement !== field) return;
  const { names } = await answer.json();
  open(field, names.filter((name) => name !== word));
}

function take(field, option) {
  const end = field.selectionStart;
  const start = end - wordAt(field).length;
  field.setRangeText(option.textContent, start, end, "end");
  close(field);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function point(field, step) {
  const options = optionsOf(field);
  const now = options.findIndex((option) => option.ariaSelected === "true");
  const next = options[(now + step + options.length + (now < 0 && step < 0 ? 1 : 0)) % options.length];
  for (const option of options) option.ariaSelected = String(option === next);
  field.setAttribute("aria-activedescendant", next.id);
  next.scrollIntoView({ block: "nearest" });
}

function press(event) {
  const field = event.target.closest?.('input[data-behavior="suggest"]');
  if (!field || field.getAttribute("aria-expanded") !== "true") return;
  const chosen = optionsOf(field).find((option) => option.ariaSelected === "true");
  if (event.key === "ArrowDown") point(field, 1);
  else if (event.key === "ArrowUp") point(field, -1);
  else if ((event.key === "Enter" || event.key === "Tab") && chosen) take(field, chosen);
  else if (event.key === "Escape") close(field);
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

document.addEventListener("keydown", press, true);
document.addEventListener("input", (event) => {
  const field = event.target.closest('input[data-behavior="suggest"]');
  if (!field || !event.isTrusted) return;
  prepare(field);
  clearTimeout(suggestPause);
  suggestPause = setTimeout(suggest, SUGGEST_PAUSE_MS, field);
});
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest(".suggestions [role=option]");
  if (!option) return;
  event.preventDefault();
  take(option.parentElement.previousElementSibling, option);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches?.('input[data-behavior="suggest"]')) close(event.target);
});
