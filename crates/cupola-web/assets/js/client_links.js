// MLflow's clients print the addresses that its own pages have: `/#/experiments/ID/runs/ID`.
const linked = /^#\/experiments\/([0-9a-f-]{36})(?:\/runs\/([0-9a-f-]{36}))?/.exec(location.hash);
if (linked && location.pathname === "/") {
  location.replace(linked[2] ? `/runs/${linked[2]}` : `/experiments/${linked[1]}`);
}
