// As the system has it unless asked otherwise. Runs before the page is painted, so that it does not flash.
(() => {
  const ORDER = ["system", "dark", "light"];
  const NAMES = { dark: "Dark", light: "Light", system: "Auto" };
  const root = document.documentElement;
  let theme = "system";
  try {
    theme = localStorage.getItem("theme") ?? theme;
  } catch {
    // Storage may be forbidden; the theme then lasts as long as the page.
  }

  const show = () => {
    root.dataset.theme = theme;
    for (const button of document.querySelectorAll('[data-behavior="theme"]')) {
      button.textContent = NAMES[theme];
    }
  };

  const choose = (event) => {
    if (!event.target.closest('[data-behavior="theme"]')) return;
    theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // As above.
    }
    show();
    document.dispatchEvent(new CustomEvent("theme"));
  };

  if (!ORDER.includes(theme)) theme = "system";
  root.classList.add("js");
  show();
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", choose);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (theme === "system") document.dispatchEvent(new CustomEvent("theme"));
  });
})();
