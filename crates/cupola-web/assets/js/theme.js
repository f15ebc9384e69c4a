// Dark unless asked otherwise: light, or as the system has it. Runs before the page is painted, so that it does not flash.
(() => {
  const ORDER = ["dark", "light", "system"];
  const NAMES = { dark: "Dark", light: "Light", system: "Auto" };
  const root = document.documentElement;
  let theme = "dark";
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

  if (!ORDER.includes(theme)) theme = "dark";
  root.classList.add("js");
  show();
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", choose);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (theme === "system") document.dispatchEvent(new CustomEvent("theme"));
  });
})();
