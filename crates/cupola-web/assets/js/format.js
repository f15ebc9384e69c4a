// A span in its two largest units, as `ui::format::duration` writes it. Shared through the global
// object, because scripts stand alone.
const two = (large, largeUnit, small, smallUnit) =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;

globalThis.durationText = (millis) => {
  const secs = Math.floor(millis / 1000);
  if (millis < 1) return "0 s";
  if (secs === 0) return `${Math.floor(millis)} ms`;
  if (secs < 60) return millis % 1000 === 0 ? `${secs} s` : `${Math.min(millis / 1000, 59.9).toFixed(1)} s`;
  if (secs < 3600) return two(Math.floor(secs / 60), "min", secs % 60, "s");
  if (secs < 86400) return two(Math.floor(secs / 3600), "h", Math.floor((secs % 3600) / 60), "min");
  return two(Math.floor(secs / 86400), "d", Math.floor((secs % 86400) / 3600), "h");
};

// An amount of money with its currency, as `ui::format::money` writes it.
globalThis.moneyText = (amount, currency) => {
  const sign = { USD: "$", EUR: "€" }[currency];
  return sign ? `${sign}${amount.toFixed(4)}` : `${amount.toFixed(4)} ${currency}`.trim();
};

// A span as clocks show it: hours, minutes and seconds.
globalThis.clockText = (millis) => {
  const secs = Math.floor(millis / 1000);
  const parts = [Math.floor(secs / 3600), Math.floor((secs % 3600) / 60), secs % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
};
