// UTC becomes local time, with the zone and the UTC in the title.
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const year = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

// Of a log's line: what tells it from the next.
const instant = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });

const localise = (time) => {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) return;
  if ("clock" in time.dataset) {
    time.textContent = instant.format(at);
    time.title = `${exact.format(at)} · ${time.dateTime}`;
    return;
  }
  const now = new Date();
  const isThisYear = at.getFullYear() === now.getFullYear();
  const isToday = isThisYear && day.format(at) === day.format(now);
  const date = isThisYear ? day.format(at) : year.format(at);
  time.textContent = isToday ? clock.format(at) : `${date}, ${clock.format(at)}`;
  time.title = `${exact.format(at)} · ${time.dateTime}`;
};

document.addEventListener("fresh", (event) => event.detail.querySelectorAll("time[datetime]").forEach(localise));
document.querySelectorAll("time[datetime]").forEach(localise);

// Who asks about days says how far this machine's clock is from UTC.
for (const input of document.querySelectorAll("input[data-utc-offset]")) {
  input.value = String(-new Date().getTimezoneOffset());
}
