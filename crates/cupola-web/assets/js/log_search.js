// Of a text that is looked for in a log: how many lines have it, and where it stands in those shown.
// The hub counts a bounded part for each answer; what was counted stays counted as the log grows.
const log = document.querySelector('[data-behavior="log"]');
const found = log?.querySelector("[data-log-found]");
const count = new Intl.NumberFormat("en-US");
let what = "";
let matches = 0;
let to = 0;
let turn = 0;
let isBusy = false;

function show(isAll) {
  const words = `${count.format(matches)} ${matches === 1 ? "match" : "matches"}`;
  found.textContent = isAll ? words : `${words} so far…`;
}

async function countOn(query, mine) {
  for (;;) {
    const answer = await fetch(`${log.dataset.matches}?${query}&after=${to}`);
    if (!answer.ok || mine !== turn) return;
    const part = await answer.json();
    if (mine !== turn) return;
    matches += part.matches;
    to = part.to;
    show(part.end);
    if (part.end) return;
  }
}

async function counted({ text, level, to: total }) {
  const query = new URLSearchParams({ text, level }).toString();
  if (query !== what) {
    [what, matches, to, isBusy] = [query, 0, 0, false];
    turn += 1;
  }
  if (!text) {
    found.textContent = "";
    return;
  }
  if (isBusy || (to >= total && to > 0)) return;
  const mine = turn;
  isBusy = true;
  try {
    await countOn(query, mine);
  } finally {
    if (mine === turn) isBusy = false;
  }
}

function highlight(text) {
  if (!globalThis.Highlight) return;
  CSS.highlights.delete("log-match");
  const wanted = text.toLowerCase();
  if (!wanted) return;
  const marks = new Highlight();
  const nodes = document.createNodeIterator(log.querySelector("ol"), NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest(".log-text, dd") ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT,
  );
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    const lower = node.data.toLowerCase();
    if (lower.length !== node.length) continue;
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      marks.add(range);
    }
  }
  CSS.highlights.set("log-match", marks);
}

log?.addEventListener("log-changed", ({ detail }) => {
  highlight(detail.text);
  counted(detail).catch(() => {});
});
