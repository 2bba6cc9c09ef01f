// The card on Airflow's dashboard: Airflow provides React and looks for the component by the name of the plugin's app.
// Airflow states in its page below which path it is served.
"use strict";

globalThis["Last night"] = () =>
  globalThis.React.createElement("iframe", {
    src: new URL("idh/card", document.baseURI).href, title: "Last night", style: { border: "none", width: "100%", height: "28rem" },
  });
