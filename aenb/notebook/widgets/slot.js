// Shows a widget in the slots that cells' outputs hold: HTML elements with the slot's name, whose static content is shown
// without a kernel. Each slot announces itself when it is added; those that exist already are found at once.
// A page that is loaded again while the cell runs has no such output if the notebook was not saved since: then what
// docks is shown in a corner of the page. The first view is made in the wings: it enters the slot at once, so that nothing
// in the page moves. Who types in a control while the output is replaced goes on typing there: else what was typed would be
// lost, and further keys would be the notebook's, which delete cells.
const PATIENCE = 4000; // milliseconds until a widget that is shown nowhere docks
const WINGS = "position:absolute;left:-10000px;top:0;width:700px;visibility:hidden";
const CARD = "position:fixed;right:24px;bottom:36px;z-index:1000;width:min(760px,calc(100vw - 48px));max-height:70vh;overflow:auto;"
  + "box-sizing:border-box;padding:10px 14px;border-radius:6px;border:1px solid var(--jp-border-color1,#999);"
  + "background:var(--jp-layout-color1,#fff);color:var(--jp-ui-font-color1,#222);box-shadow:0 4px 18px rgba(0,0,0,.3)";

function initialize({ model }) {
  const manager = model.widget_manager, name = model.get("name");
  const shown = []; // slots, and the nodes in them
  const wings = document.createElement("div");
  wings.style.cssText = WINGS;
  const places = (more = "") => document.querySelectorAll(`[data-aenb-slot="${name}"]${more}`);

  async function put(place) {
    const view = await manager.create_view(await manager.get_model(model.get("shown")));
    const widget = view.luminoWidget;
    place.replaceChildren();
    widget.constructor.attach(widget, place);
    const one = { place, node: widget.node, view, focused: null };
    shown.push(one);
    one.node.addEventListener("focusin", ({ target }) => { one.focused = target; });
    one.node.addEventListener("focusout", () => setTimeout(() => { // out of the page, it has lost the focus against its will
      if (one.node.isConnected && !one.node.contains(document.activeElement)) one.focused = null;
    }));
  }
  function move(one, place) {
    const control = one.focused;
    one.place = place;
    place.replaceChildren(one.node); // its node moves over, with what was typed in it
    if (!control || ![null, document.body].includes(document.activeElement)) return;
    control.focus({ preventScroll: true });
    control.dispatchEvent(new Event("change", { bubbles: true })); // the browser compares with the text at the last focus
  }
  function fill(place) {
    place.dataset.aenbFilled = "true";
    const left = shown.find((one) => one.place === wings || !one.place.isConnected);
    if (!left) return put(place);
    move(left, place); // the output was replaced
    wings.remove();
  }
  const look = () => places(":not([data-aenb-filled])").forEach(fill);

  async function dock() {
    const widget = await manager.get_model(model.get("shown"));
    if (Object.keys(widget.views ?? {}).length > (wings.isConnected ? 1 : 0) || places().length || !document.querySelector(".jp-Notebook")) return;
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
    await fill(place);
    widget.on("msg:custom", (content) => {
      if (content.end) place.textContent = `${content.announce} Run a cell with the run's name to see it.`;
    });
  }

  const heard = (event) => event.detail === name && look();
  document.addEventListener("aenb-slot", heard);
  look();
  async function prepare() {
    if (!places().length) {
      document.body.append(wings);
      await put(wings);
      look();
    }
    model.send({ kind: "ready" });
  }
  if (document.querySelector(".jp-Notebook") && manager?.create_view) prepare();
  // set once a page has shown it: only a page that was loaded again finds it set
  const waiting = model.get("docks") && manager?.create_view ? setTimeout(dock, PATIENCE) : 0;
  return () => {
    clearTimeout(waiting);
    for (const { view } of shown.filter((one) => one.place === wings)) view.remove(); // while its node is in the page
    wings.remove();
    document.removeEventListener("aenb-slot", heard);
  };
}

export default { initialize };
