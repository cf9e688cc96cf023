// Shows a widget in the slots that cells' outputs hold: HTML elements with the slot's name, whose static content is shown
// without a kernel. Each slot announces itself when it is added; those that exist already are found at once.
// A page that is loaded again while the cell runs has no such output if the notebook was not saved since: then what
// docks is shown in a corner of the page.
const PATIENCE = 4000; // milliseconds until a widget that is shown nowhere docks
const CARD = "position:fixed;right:24px;bottom:36px;z-index:1000;width:min(760px,calc(100vw - 48px));max-height:70vh;overflow:auto;"
  + "box-sizing:border-box;padding:10px 14px;border-radius:6px;border:1px solid var(--jp-border-color1,#999);"
  + "background:var(--jp-layout-color1,#fff);color:var(--jp-ui-font-color1,#222);box-shadow:0 4px 18px rgba(0,0,0,.3)";

function initialize({ model }) {
  const manager = model.widget_manager, name = model.get("name");
  const shown = []; // slots, and the nodes in them
  const places = (more = "") => document.querySelectorAll(`[data-aenb-slot="${name}"]${more}`);

  async function put(place) {
    const view = await manager.create_view(await manager.get_model(model.get("shown")));
    const widget = view.luminoWidget;
    place.replaceChildren();
    widget.constructor.attach(widget, place);
    shown.push({ place, node: widget.node });
  }
  function fill(place) {
    place.dataset.aenbFilled = "true";
    const left = shown.find((one) => !one.place.isConnected);
    if (!left) return put(place);
    left.place = place; // the output was replaced: its node moves over, with what was typed in it
    place.replaceChildren(left.node);
  }
  const look = () => places(":not([data-aenb-filled])").forEach(fill);

  async function dock() {
    const widget = await manager.get_model(model.get("shown"));
    if (Object.keys(widget.views ?? {}).length || places().length || !document.querySelector(".jp-Notebook")) return;
    const card = document.createElement("section"), place = document.createElement("div"), close = document.createElement("button");
    card.className = "aenb-dock";
    card.style.cssText = CARD;
    card.setAttribute("aria-label", "a training that is under way in this notebook's kernel");
    close.type = "button";
    close.textContent = "Hide";
    close.style.cssText = "float:right;font:inherit;margin-left:12px";
    close.onclick = () => card.remove();
    card.append(close, place);
    document.body.append(card);
    await put(place);
    widget.on("msg:custom", (content) => {
      if (content.end) place.textContent = `${content.announce} Run a cell with the run's name to see it.`;
    });
  }

  const heard = (event) => event.detail === name && look();
  document.addEventListener("aenb-slot", heard);
  look();
  if (document.querySelector(".jp-Notebook") && manager?.create_view) model.send({ kind: "ready" });
  // set once a page has shown it: only a page that was loaded again finds it set
  const waiting = model.get("docks") && manager?.create_view ? setTimeout(dock, PATIENCE) : 0;
  return () => {
    clearTimeout(waiting);
    document.removeEventListener("aenb-slot", heard);
  };
}

export default { initialize };
