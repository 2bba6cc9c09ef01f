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
function openInAirflow(event) {
  const link = event.target.closest("a[target=_top]");
  if (!framed || !link) return;
  event.preventDefault();
  const outer = window.parent.document.createElement("a");
  outer.href = link.href;
  window.parent.document.body.append(outer);
  outer.click();
  outer.remove();
}

const root = followColourMode();
if (framed) new MutationObserver(followColourMode).observe(root, { attributes: true, attributeFilter: ["class"] });
document.addEventListener("click", openInAirflow);

// A box in the head of a table chooses all rows.
document.addEventListener("change", ({ target }) => {
  if (!target.dataset.chooses) return;
  for (const box of document.querySelectorAll(`input[name=${target.dataset.chooses}]`)) box.checked = target.checked;
});
