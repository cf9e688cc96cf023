// Examples that were placed from Python: stars in the plane, and buttons that make them the point

function placing(scene, own) {
  const { model } = scene, node = element("div", { class: "aenb-row aenb-placed" });
  scene.pickMark = (mark, since) => {
    scene.set(Float32Array.from(mark.code), since);
    own.show(mark);
    scene.say(`The point is at ${mark.name}.`);
  };
  const heard = () => {
    scene.marks = model.get("marks").map(({ name, code, example, text }) => {
      const z = new Float32Array(code.buffer.slice(code.byteOffset, code.byteOffset + code.byteLength));
      return { name, code: z, point: scene.space.project(z), example: new Uint8Array(example.buffer, example.byteOffset, example.byteLength), text };
    });
    node.replaceChildren(...scene.marks.flatMap((mark) => [
      button(`★ ${mark.name}`, "Move the point to this example", (event) => scene.pickMark(mark, event.timeStamp)),
      element("button", { type: "button", class: "aenb-remove", "aria-label": `Remove ${mark.name}`, title: `Remove ${mark.name}`, onclick: () => model.send({ kind: "remove", name: mark.name }) }, "×"),
    ]));
    own.show(scene.marks.find((mark) => mark.name === own.name));
    scene.drawMarks();
  };
  return {
    node,
    start() { model.on("change:marks", heard); heard(); },
    end() { model.off("change:marks", heard); },
  };
}
