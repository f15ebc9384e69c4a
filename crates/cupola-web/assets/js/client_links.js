// MLflow's clients print the addresses that its own pages have: `/#/experiments/ID/runs/ID`. Who has to
// log in first goes there afterwards.
(() => {
  const LINKED = /^#\/experiments\/([0-9a-f-]{36})(?:\/runs\/([0-9a-f-]{36}))?/;
  const follow = () => {
    const linked = LINKED.exec(location.hash);
    if (!linked) return;
    const to = linked[2] ? `/runs/${linked[2]}` : `/experiments/${linked[1]}`;
    const next = document.querySelector('form[action="/login"] input[name="next"]');
    if (next) next.value = to;
    else if (location.pathname === "/") location.replace(to);
  };
  follow();
  document.addEventListener("DOMContentLoaded", follow);
  window.addEventListener("hashchange", follow);
})();
