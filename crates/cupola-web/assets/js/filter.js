// A filter narrows its list while one types; without this script it is a form with a button.
const PAUSE_MS = 200;
let pause = 0;

function apply(form) {
  const filled = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(filled).toString();
  const part = document.getElementById(form.dataset.part);
  const path = new URL(form.action).pathname;
  part.dataset.src = `${path}/list?${query}`;
  history.replaceState(null, "", query ? `${path}?${query}` : path);
  part.dispatchEvent(new CustomEvent("refresh", { bubbles: true }));
}

const wait = (event) => {
  const form = event.target.closest('form[data-behavior="filter"]');
  if (!form) return;
  if (event.type === "submit") event.preventDefault();
  // Other fields depend on it.
  if (event.type === "input" && event.target.matches("[data-whole]")) return form.submit();
  clearTimeout(pause);
  pause = setTimeout(apply, event.type === "submit" ? 0 : PAUSE_MS, form);
};

for (const kind of ["input", "submit"]) document.addEventListener(kind, wait);
