// A choice within a part shows the part again; without this script it is a form with a button, or a
// link. The address of the page says what was chosen.
function choose(part, route, chosen) {
  part.dataset.src = `${route}?${chosen}`;
  const query = new URLSearchParams(location.search);
  for (const [key, value] of chosen) query.set(key, value);
  history.replaceState(null, "", `?${query}`);
  part.dispatchEvent(new CustomEvent("refresh", { bubbles: true }));
}

document.addEventListener("change", (event) => {
  const form = event.target.closest('form[data-behavior="choice"]');
  if (form) choose(form.closest("[data-src]"), form.dataset.route, new URLSearchParams(new FormData(form)));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[data-behavior="choice"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(link.closest("[data-src]"), link.dataset.route, new URL(link.href).searchParams);
});
