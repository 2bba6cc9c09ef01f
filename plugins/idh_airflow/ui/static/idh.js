// Follows Airflow's colour mode, and opens links that lead out of Airflow's frame in Airflow itself.
"use strict";

const framed = window.parent !== window;

function followColourMode() {
  const root = (framed ? window.parent : window).document.documentElement;
  const dark = root.classList.contains("dark") || (!framed && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  return root;
}

// The sandbox of the frame forbids it to navigate its parent; a link inside the parent may.
// The same holds for a new tab, which a reader asks for with the middle button or a key.
function openInAirflow(event) {
  const link = event.target.closest("a[href]");
  const beside = event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1;
  if (!framed || !link || event.button > 1 || !(beside || link.target === "_top")) return;
  event.preventDefault();
  const outer = window.parent.document.createElement("a");
  outer.href = link.href;
  outer.target = beside ? "_blank" : "_self";
  window.parent.document.body.append(outer);
  outer.click();
  outer.remove();
}

const root = followColourMode();
if (framed) new MutationObserver(followColourMode).observe(root, { attributes: true, attributeFilter: ["class"] });
document.addEventListener("click", openInAirflow);
document.addEventListener("auxclick", openInAirflow);

// A box in the head of a table chooses all rows.
document.addEventListener("change", ({ target }) => {
  if (!target.dataset.chooses) return;
  for (const box of document.querySelectorAll(`input[name=${target.dataset.chooses}]`)) box.checked = target.checked;
});

// A button for what is chosen works once something is.
function allowChosen() {
  for (const button of document.querySelectorAll("button[data-needs]")) {
    button.disabled = !button.form.querySelector(`[name=${button.dataset.needs}]:checked`);
  }
}
document.addEventListener("change", allowChosen);
addEventListener("pageshow", allowChosen);

// A part of a page that changes while it is looked at is read again.
const REFRESH_MS = 5000;
async function refresh(part) {
  if (document.hidden) return;
  const answer = await fetch(part.dataset.refresh).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  part.innerHTML = await answer.text();
  arrange();
}
document.addEventListener("DOMContentLoaded", () => {
  for (const part of document.querySelectorAll("[data-refresh]")) setInterval(refresh, REFRESH_MS, part);
});

// What a button has done is shown for a moment, and read out: the place for it is there from the beginning.
const TOLD_MS = 4000;
const told = document.createElement("div");
told.className = "told";
told.setAttribute("role", "status");
document.addEventListener("DOMContentLoaded", () => document.querySelector("main")?.append(told));
function tell(text) {
  told.textContent = text;
  clearTimeout(tell.ends);
  tell.ends = setTimeout(() => { told.textContent = ""; }, TOLD_MS);
}

// Without HTTPS a browser offers no clipboard: the whole id is selected instead, and copied where that is possible.
function copySelected(button) {
  const shown = button.previousElementSibling;
  const short = shown.textContent;
  shown.textContent = button.dataset.copy;
  getSelection().selectAllChildren(shown);
  if (!document.execCommand("copy")) return false;
  shown.textContent = short;
  return true;
}
async function copy(button) {
  const copied = await navigator.clipboard?.writeText(button.dataset.copy).then(() => true, () => false);
  if (copied || copySelected(button)) {
    tell("Copied");
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), TOLD_MS);
  } else tell("Selected: copy it with Ctrl+C or ⌘C");
}
document.addEventListener("click", ({ target }) => {
  const button = target.closest("button[data-copy]");
  if (button) copy(button);
});

// An explanation opens beside its word; a click elsewhere or Escape closes it.
const means = document.createElement("div");
means.className = "means";
means.popover = "auto";
document.addEventListener("DOMContentLoaded", () => document.querySelector("main")?.append(means));
document.addEventListener("click", ({ target }) => {
  const button = target.closest("button.tip");
  if (!button) return;
  means.textContent = button.title;
  (button.closest("dialog") ?? document.querySelector("main")).append(means);
  means.showPopover();
  const word = button.getBoundingClientRect();
  const left = Math.min(word.left, document.documentElement.clientWidth - means.offsetWidth - 8);
  const below = word.bottom + means.offsetHeight + 8 < innerHeight;
  means.style.left = `${Math.max(8, left)}px`;
  means.style.top = `${below ? word.bottom + 4 : Math.max(8, word.top - means.offsetHeight - 4)}px`;
});

// A title by itself shows only under a mouse: what has one becomes a word that is explained.
const INTERACTIVE = "a, button, input, select, summary, label, iframe, svg, .id";
function explainTitles() {
  for (const titled of document.querySelectorAll("main [title]")) {
    if (titled.closest(INTERACTIVE) || titled.querySelector(INTERACTIVE)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tip";
    button.title = titled.title;
    button.append(...titled.childNodes);
    titled.removeAttribute("title");
    titled.append(button);
  }
}

// A table that is wider than the page scrolls in a box of its own, also by keyboard.
function markWide(box) {
  if (box.scrollWidth <= box.clientWidth) box.removeAttribute("tabindex");
  else box.tabIndex = 0;
}
const sizes = new ResizeObserver((changed) => changed.forEach(({ target }) => markWide(target.closest(".box"))));
function boxTables() {
  for (const table of document.querySelectorAll("table:not(.box > table)")) {
    const box = document.createElement("div");
    box.className = "box";
    table.replaceWith(box);
    box.append(table);
    sizes.observe(box);
    sizes.observe(table);
  }
}
function arrange() {
  explainTitles();
  boxTables();
}
document.addEventListener("DOMContentLoaded", arrange);
