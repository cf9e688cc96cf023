// Selecting examples: with a lasso, by a search, or one by one; Python has them as `explorer.selected`

const LATER = 150; // milliseconds after the last letter of a search

function selecting(scene) {
  const { about, model, space, indices } = scene, place = new Map(Array.from(indices, (index, i) => [index, i]));
  const noun = (n) => (about.has_examples ? (n === 1 ? "example" : "examples") : n === 1 ? "draw" : "draws");
  const count = element("span", { class: "aenb-count" });
  const clear = button("Clear", "Select nothing", () => scene.select([]));
  const take = button("Select", "Select the examples that match", () => scene.select([...scene.matches]));
  const query = element("input", { type: "search", class: "aenb-search", placeholder: about.has_examples ? "label, name, text or #index" : "#index",
    "aria-label": "Search: a label, a name, a part of a text, or # and an index", title: "A label, a name, a part of a text, or # and an index; Enter goes from match to match",
    oninput: () => { clearTimeout(waiting); waiting = setTimeout(search, LATER); },
    onkeydown: (event) => { if (event.key === "Enter") { clearTimeout(waiting); search(); next(event.timeStamp); } } });
  let waiting = 0, at = -1;

  const texts = Array.from({ length: space.count }, (_, i) => [scene.labelOf(i), about.names[i] ?? "", about.texts[i] ?? ""].map((text) => text.toLowerCase()));
  function isMatch(i, wanted) {
    if (wanted.startsWith("#")) return String(indices[i]) === wanted.slice(1);
    const [label, name, text] = texts[i], isNumber = /^[\d.]+$/.test(wanted); // “1” is not a part of “10”
    return isNumber ? label === wanted || name === wanted || String(indices[i]) === wanted : label.includes(wanted) || name.includes(wanted) || text.includes(wanted);
  }
  function search() {
    const wanted = query.value.trim().toLowerCase();
    scene.matches = wanted ? new Set(texts.flatMap((_, i) => (isMatch(i, wanted) ? [i] : []))) : null;
    at = -1;
    take.disabled = !scene.matches?.size;
    scene.say(scene.matches ? `${scene.matches.size} ${noun(scene.matches.size)} ${scene.matches.size === 1 ? "matches" : "match"}.` : "");
    scene.drawPoints();
  }
  function next(since) { // Enter goes from match to match
    const found = [...(scene.matches ?? [])];
    if (found.length) scene.take(found[(at = (at + 1) % found.length)], since);
  }
  function show() {
    const chosen = scene.selected.size;
    count.textContent = chosen ? `${chosen} selected` : "";
    count.title = "In Python: explorer.selected";
    clear.disabled = !chosen;
    scene.drawPoints();
  }
  scene.select = (chosen, more = false) => {
    scene.selected = new Set(more ? [...scene.selected, ...chosen] : chosen);
    model.set("selected", [...scene.selected].map((i) => indices[i]).sort((a, b) => a - b));
    model.save_changes();
    show();
    scene.say(scene.selected.size ? `${scene.selected.size} ${noun(scene.selected.size)} selected: explorer.selected in Python.` : "Nothing is selected.");
  };
  scene.toggle = (i) => {
    if (!(i >= 0)) return; // nothing, or a placed example
    const isNew = !scene.selected.has(i);
    scene.select(isNew ? [...scene.selected, i] : [...scene.selected].filter((one) => one !== i));
    scene.say(`#${indices[i]} ${isNew ? "selected" : "taken out"}; ${scene.selected.size} selected.`);
  };
  scene.lassoed = (polygon, more) => {
    if (polygon.length < 3) { scene.toggle(scene.hit(polygon[0])); return; } // a click
    const inside = Array.from({ length: space.count }, (_, i) => i).filter((i) => scene.isShown(i) && isInside(scene.view.toPixel(space.point(i)), polygon));
    scene.select(inside, more);
  };
  const heard = () => { // from Python, or another view of the widget
    scene.selected = new Set(model.get("selected").map((index) => place.get(index)).filter((i) => i !== undefined));
    show();
  };
  take.disabled = true;
  return {
    node: element("div", { class: "aenb-row" }, query, take, clear, count),
    start() { model.on("change:selected", heard); heard(); },
    end() { clearTimeout(waiting); model.off("change:selected", heard); },
  };
}
