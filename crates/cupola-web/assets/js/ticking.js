// Spans that are not over go on counting from what the hub said, by this machine's own clock.
const begun = new WeakMap();

const tick = () => {
  for (const span of document.querySelectorAll("[data-ticking]")) {
    const said = Number(span.dataset.ticking);
    let start = begun.get(span);
    if (start?.said !== said) {
      start = { said, at: performance.now() };
      begun.set(span, start);
    }
    const passed = performance.now() - start.at;
    const millis = "runningOut" in span.dataset ? Math.max(said - passed, 0) : said + passed;
    span.textContent = ("clock" in span.dataset ? clockText : durationText)(Math.floor(millis / 1000) * 1000);
  }
};

tick();
setInterval(tick, 1000);
document.addEventListener("changed", tick);
