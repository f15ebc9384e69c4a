// Trees of results: a level is fetched when it is opened, and again when its result has changed. What
// is fetched replaces the level's own element, which `data-src` addresses.
const levelOf = (node) => node.querySelector(":scope > .tree-level");
const isOpen = (node) => node.open ?? levelOf(node).dataset.version !== "0";

function load(level) {
  if (level.dataset.loading) return;
  level.dataset.loading = "true";
  // It stays as it is when the list is shown again, but not now.
  delete level.dataset.keep;
  level.dispatchEvent(new CustomEvent("refresh", { bubbles: true }));
}

function look(node) {
  const level = levelOf(node);
  if (isOpen(node) && Number(level.dataset.version) < Number(node.dataset.version)) load(level);
}

// `toggle` does not bubble.
document.addEventListener("toggle", (event) => event.target.matches?.("details[data-tree]") && look(event.target), true);
document.addEventListener("changed", () => document.querySelectorAll("[data-tree]").forEach(look));

document.addEventListener("click", (event) => {
  const more = event.target.closest("[data-tree-more]");
  if (more && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    load(levelOf(more.parentElement));
  }
  const fold = event.target.closest("[data-tree-fold]");
  for (const node of fold?.closest("section").querySelectorAll("details[open]") ?? []) node.open = false;
});
