// The end of a log that grows: the part is shown anew whenever it does. Following keeps the end in
// sight until one scrolls up; without this script the page is the same and stands still.
const AT_END_PX = 8;
let isFollowing = true;
let isWrapped = true;

const tailPart = (name) => document.querySelector(`[data-behavior="tail"] [data-tail-${name}]`);

function settle() {
  const box = tailPart("box");
  if (!box) return;
  box.classList.toggle("is-unwrapped", !isWrapped);
  const [follow, wrap] = [tailPart("follow"), tailPart("wrap")];
  if (wrap) wrap.ariaPressed = String(isWrapped);
  if (!follow) return;
  follow.ariaPressed = String(isFollowing);
  follow.textContent = isFollowing ? "Following" : "Follow";
  if (isFollowing) box.scrollTop = box.scrollHeight;
}

document.addEventListener("changed", settle);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-tail-follow]")) isFollowing = !isFollowing;
  else if (event.target.closest("[data-tail-wrap]")) isWrapped = !isWrapped;
  else return;
  settle();
});
// Whoever turns the wheel wants to read; at the end again, to go on.
document.addEventListener(
  "scroll",
  (event) => {
    if (!event.target.matches?.("[data-tail-box]") || !tailPart("follow")) return;
    const box = event.target;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight <= AT_END_PX;
    if (isAtEnd === isFollowing) return;
    isFollowing = isAtEnd;
    settle();
  },
  { capture: true, passive: true },
);
settle();
