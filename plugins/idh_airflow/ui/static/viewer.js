// Scrolls through the slices of a study: all images together, by wheel, slider or arrow keys; one can be enlarged.
"use strict";

const viewer = document.querySelector(".viewer");
if (viewer) {
  const { slices, shown, height, first, step, lowest, stride, total } = Object.fromEntries(
    Object.entries(viewer.dataset).map(([name, text]) => [name, Number(text)]));
  const slider = viewer.querySelector("[type=range]");
  const views = viewer.querySelector(".views");
  const dialog = viewer.querySelector("dialog");
  const moved = viewer.querySelectorAll("g[data-slices]");

  // As `slice_place` in Python: a slice has the same name in the viewer, the timeline and the quality sheet.
  const place = (slice) => {
    const z = Math.round(Math.round((first + slice * step) * 1000) / 1000);
    const position = `z = ${z < 0 ? "-" : "+"}${Math.abs(z)} mm`;
    return total ? `slice ${lowest + slice * stride + 1} of ${total}, ${position}` : position;
  };
  const show = (wanted) => {
    const slice = Math.max(0, Math.min(slices - 1, wanted));
    slider.value = slice;
    slider.setAttribute("aria-valuetext", place(slice));
    for (const group of moved) group.setAttribute("transform", `translate(0 ${-slice * height})`);
    for (const output of viewer.querySelectorAll("output")) output.textContent = place(slice);
  };
  const present = () => Number(slider.value);

  const keys = {
    ArrowUp: () => present() + 1, ArrowDown: () => present() - 1, ArrowRight: () => present() + 1,
    ArrowLeft: () => present() - 1, PageUp: () => present() + 5, PageDown: () => present() - 5, Home: () => shown,
  };
  const byKey = (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    show(keys[event.key]());
  };
  const byWheel = (event) => {
    const wanted = present() - Math.sign(event.deltaY);
    if (event.ctrlKey || wanted < 0 || wanted >= slices) return;  // at either end, the page scrolls
    event.preventDefault();
    show(wanted);
  };
  for (const area of [views, dialog]) {
    area.addEventListener("keydown", byKey);
    area.addEventListener("wheel", byWheel, { passive: false });
  }
  viewer.querySelector(".scroll").hidden = false;
  slider.addEventListener("input", () => show(present()));
  views.tabIndex = 0;
  views.setAttribute("role", "group");
  views.setAttribute("aria-label", "Slices: arrow keys scroll, Home returns to the slice of the patch");

  // The picture itself moves into the dialog and back, so that outline, checkerboard and slice stay as they are.
  let from = null;
  views.addEventListener("click", ({ target }) => {
    const view = target.closest(".view");
    if (!view || !target.closest("svg, .enlarge")) return;
    from = { view, picture: view.querySelector("svg") };
    dialog.querySelector("strong").textContent = view.querySelector(".enlarge").textContent;
    dialog.querySelector(".place").append(from.picture);
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    from.view.querySelector("figcaption").after(from.picture);
    from.view.querySelector(".enlarge").focus({ preventScroll: true });
  });
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || target.closest(".close, .place svg")) dialog.close();
  });
  show(present());
}
