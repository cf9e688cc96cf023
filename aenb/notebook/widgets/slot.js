// Shows a widget in the places that cells' outputs keep for it: HTML with the slot's name, and a page inside that stands
// there when there is no kernel. The HTML says when it is there; what was there before the widget is found at once.

function initialize({ model }) {
  const manager = model.widget_manager, name = model.get("name");
  const shown = []; // a place, and the node that stands in it

  async function fill(place) {
    place.dataset.aenbFilled = "true";
    const left = shown.find((one) => !one.place.isConnected);
    if (left) { // the output was set anew: what stood in it goes on, with what is typed in it
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
