// A queue of questions by keyboard: the key before an answer chooses it, Enter gives it, n and p lead to the neighbours.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input:not([type=radio]), textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const beside = { n: "a[rel=next]", p: "a[rel=prev]" }[event.key];
  const option = /^[1-9a-z]$/.test(event.key) && document.querySelector(`input[data-key="${event.key}"]`);
  if (beside) document.querySelector(beside)?.click();
  else if (option) {
    option.checked = true;
    option.focus();
  }
});
