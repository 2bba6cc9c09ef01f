// The card on Airflow's dashboard: Airflow provides React and looks for the component by the name of the plugin's app.
"use strict";

globalThis["Last night"] = () =>
  globalThis.React.createElement("iframe", {
    src: "/idh/card", title: "Last night", style: { border: "none", width: "100%", height: "18rem" },
  });
