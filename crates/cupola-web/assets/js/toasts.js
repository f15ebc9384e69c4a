// Tells on any page of runs that ended, each once. Whatever ended since the notices were last put
// away is asked for together, so that the hub can make one of many.
const SPACING_MS = 1_000;
const STAY_MS = 12_000;

const box = document.querySelector("#toasts");
const closed = new Set();
// What came before is not told, what comes after `next` was not seen.
let from = document.body.dataset.seq ?? "";
let next = from;
let isBusy = false;
let isStale = false;
let stay = 0;

function putAway() {
  clearTimeout(stay);
  box.replaceChildren();
  closed.clear();
  from = next;
}

function lookAgainLater() {
  clearTimeout(stay);
  if (!box.firstElementChild) return putAway();
  stay = setTimeout(() => (box.matches(":hover, :focus-within") ? lookAgainLater() : putAway()), STAY_MS);
}

function show(fresh) {
  next = fresh.dataset.next;
  if (from === "" || Number(next) < Number(from)) from = next;
  for (const toast of [...fresh.children]) {
    const isHere = !document.hidden && toast.querySelector("a")?.pathname === location.pathname;
    if (isHere || closed.has(toast.id)) toast.remove();
  }
  const shown = new Set([...box.querySelectorAll(".toast")].map((toast) => toast.textContent));
  const isNews = [...fresh.children].some((toast) => !shown.has(toast.textContent));
  const list = box.firstElementChild;
  if (fresh.childElementCount === 0) box.replaceChildren();
  else if (list) Idiomorph.morph(list, fresh, { morphStyle: "outerHTML" });
  else box.append(fresh);
  if (isNews || !box.firstElementChild) lookAgainLater();
  document.dispatchEvent(new CustomEvent("changed"));
}

async function look() {
  if (isBusy) return (isStale = true);
  isBusy = true;
  isStale = false;
  try {
    const answer = await fetch(`/toasts?${new URLSearchParams(from === "" ? {} : { after: from })}`, { headers: { "X-Part": "1" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-next]");
    if (answer.ok && fresh) show(document.adoptNode(fresh));
  } catch {
    // The stream says when the hub is back, and then this is asked again.
  }
  await new Promise((done) => setTimeout(done, SPACING_MS));
  isBusy = false;
  if (isStale) look();
}

function close(toast) {
  closed.add(toast.id);
  toast.remove();
  if (!box.querySelector(".toast")) putAway();
}

if (box) {
  box.addEventListener("live", look);
  box.addEventListener("click", (event) => {
    if (event.target.closest("[data-toast-close]")) close(event.target.closest(".toast"));
  });
  document.addEventListener("dismiss", putAway);
  // A page that does not say when it was made begins now.
  if (from === "" && location.protocol.startsWith("http")) look();
}
