// The log of a run: appends from a cursor, follows the end until the person scrolls up.
const LINES_MAX = 20_000;
const AT_END_PX = 8;

const log = document.querySelector('[data-behavior="log-tail"]');
const box = log?.querySelector("[data-log-box]");
const button = log?.querySelector("[data-log-follow]");
const search = log?.querySelector("[data-log-search]");
let isFollowing = true;
let isBusy = false;
let isStale = false;
let here = -1;

const lines = () => box.querySelector("ol");
const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight <= AT_END_PX;

function follow(now) {
  isFollowing = now;
  button.ariaPressed = String(now);
  button.textContent = now ? "Following" : "Follow";
  if (now) box.scrollTop = box.scrollHeight;
}

function find() {
  const wanted = search.value.toLowerCase();
  let found = 0;
  for (const line of lines().children) {
    const isFound = wanted !== "" && line.lastElementChild.textContent.toLowerCase().includes(wanted);
    line.classList.toggle("is-found", isFound);
    line.classList.remove("is-here");
    found += isFound;
  }
  here = -1;
  log.querySelector("[data-log-found]").textContent = wanted === "" ? "" : `${found} found`;
}

function step(by) {
  const found = [...box.querySelectorAll(".is-found")];
  if (found.length === 0) return;
  found[here]?.classList.remove("is-here");
  here = (here + by + found.length) % found.length;
  found[here].classList.add("is-here");
  follow(false);
  found[here].scrollIntoView({ block: "center" });
  log.querySelector("[data-log-found]").textContent = `${here + 1} of ${found.length}`;
}

function append(fresh) {
  const list = lines();
  const added = [...fresh.children];
  list.append(...added);
  list.dataset.next = fresh.dataset.next;
  list.dataset.complete = fresh.dataset.complete;
  while (list.childElementCount > LINES_MAX) list.firstElementChild.remove();
  if (search.value) find();
  if (isFollowing) box.scrollTop = box.scrollHeight;
  return added.length;
}

async function more() {
  if (isBusy) return (isStale = true);
  isBusy = true;
  isStale = false;
  let added = 0;
  try {
    const answer = await fetch(`${log.dataset.log}?after=${lines().dataset.next}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("ol.log-lines");
    if (answer.ok && fresh) added = append(document.adoptNode(fresh));
  } catch {
    // The stream says when the hub is back; the cursor has not moved.
  }
  isBusy = false;
  if (isStale || added > 0) more();
}

if (log) {
  log.addEventListener("live", more);
  box.addEventListener("scroll", () => isAtEnd() !== isFollowing && follow(isAtEnd()));
  button.addEventListener("click", () => follow(!isFollowing));
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
  });
  follow(true);
  // The page may have begun before the end of a long log.
  if (lines().dataset.complete !== "true") more();
}
