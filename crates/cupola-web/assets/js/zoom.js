// A picture that is larger than its frame: smaller and larger, or just as wide as the frame. Without
// this script it is scrolled.
const ZOOM_STEP = 1.3;
const ZOOM_MIN = 0.1;
const ZOOM_MAX = 3;
let zoom = 1;

function applyZoom() {
  const picture = document.querySelector(".graph-box svg");
  if (!picture || zoom === 1 && picture.getAttribute("width") === picture.dataset.width) return;
  const [, , width, height] = picture.getAttribute("viewBox").split(" ").map(Number);
  picture.setAttribute("width", Math.round(width * zoom));
  picture.setAttribute("height", Math.round(height * zoom));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom]");
  const picture = button && document.querySelector(".graph-box svg");
  if (!picture) return;
  const by = Number(button.dataset.zoom);
  const wanted = by === 0 ? picture.parentElement.clientWidth / Number(picture.dataset.width) : zoom * ZOOM_STEP ** by;
  zoom = Math.min(Math.max(wanted, ZOOM_MIN), ZOOM_MAX);
  applyZoom();
});
document.addEventListener("changed", applyZoom);
