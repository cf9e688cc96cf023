// A button like those of ipywidgets. Its click carries what the controls show: their models have it before the kernel does.
function render({ model, el }) {
  const button = document.createElement("button");
  const manager = model.widget_manager;
  const update = () => {
    button.textContent = model.get("label");
    button.title = model.get("hint");
    button.disabled = model.get("disabled");
  };
  button.type = "button";
  button.className = "jupyter-widgets jupyter-button widget-button mod-primary aenb-train";
  button.style.width = "9em";
  button.setAttribute("data-lm-suppress-shortcuts", "true");
  button.addEventListener("click", async ({ detail }) => {
    if (detail > 1) return; // the second of a double click: the page does not have the next run's name yet
    const state = {};
    for (const id of manager ? model.get("controls") : []) {
      const control = await manager.get_model(id);
      for (const name of ["value", "index"]) {
        const value = control?.get(name);
        if (value !== undefined) state[id] = { ...state[id], [name]: value };
      }
    }
    model.send({ kind: "click", state });
  });
  model.on("change", update);
  update();
  el.append(button);
}

export default { render };
