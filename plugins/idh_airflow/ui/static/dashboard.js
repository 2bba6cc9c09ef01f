// The card on Airflow's dashboard: Airflow provides React and looks for the component by the name of the plugin's app.
// Airflow states in its page below which path it is served.
"use strict";

// The frame is as high as what it shows, at every width.
function fit({ target }) {
  const shown = target.contentDocument?.querySelector("main");
  if (!shown) return;
  const measure = () => { target.style.height = `${Math.ceil(shown.getBoundingClientRect().bottom) + 8}px`; };
  new target.contentWindow.ResizeObserver(measure).observe(shown);
}

globalThis["Last night"] = () =>
  globalThis.React.createElement("iframe", {
    src: new URL("idh/card", document.baseURI).href, title: "Last night", onLoad: fit,
    style: { border: "none", width: "100%", height: "28rem" },
  });
