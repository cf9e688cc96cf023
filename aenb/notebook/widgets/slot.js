// Shows a widget in the slots that cells' outputs hold: HTML elements with the slot's name, whose static content is shown
// without a kernel. Each slot announces itself when it is added; those that exist already are found at once.

function initialize({ model }) {
  const manager = model.widget_manager, name = model.get("name");
  const shown = []; // slots, and the nodes in them

  async function fill(place) {
    place.dataset.aenbFilled = "true";
    const left = shown.find((one) => !one.place.isConnected);
    if (left) { // the output was replaced: its node moves over, with what was typed in it
      left.place = place;
      place.replaceChildren(left.node);
      return;
    }
    const view = await manager.create_view(await manager.get_model(model.get("shown")));
    const widget = view.luminoWidget;
    place.replaceChildren();
    widget.constructor.attach(widget, place);
    shown.push({ place, node: widget.node });
  }
  const look = () => document.querySelectorAll(`[data-aenb-slot="${name}"]:not([data-aenb-filled])`).forEach(fill);

  const heard = (event) => event.detail === name && look();
  document.addEventListener("aenb-slot", heard);
  look();
  if (document.querySelector(".jp-Notebook") && manager?.create_view) model.send({ kind: "ready" });
  return () => document.removeEventListener("aenb-slot", heard);
}

export default { initialize };
