// The path from A to B: set its ends, play it, and ask the kernel for it as an animation

const SECONDS = 2; // from A to B

function path(scene) {
  const { model, about, ends } = scene;
  const play = button("Play A → B", "Move the point from A to B and back", () => (scene.playing ? scene.stop() : walk()));
  const save = button("Save GIF", "Save the path from A to B and back as an animation", () => {
    if (!isSet()) return;
    scene.say("Decoding the path …");
    model.send({ kind: "animate", label: scene.label });
  });
  const isSet = () => {
    if (!ends.A || !ends.B) scene.say("Set A and B first: the path goes from one to the other.");
    return Boolean(ends.A && ends.B);
  };
  function set(name) {
    scene.stop();
    ends[name] = Float32Array.from(scene.code);
    model.set("ends", Object.fromEntries(Object.entries(ends).flatMap(([end, code]) => (code ? [[end, Array.from(code)]] : []))));
    model.save_changes();
    scene.say(ends.A && ends.B ? `${name} is set.` : `${name} is set. Now move the point, and set ${name === "A" ? "B" : "A"}.`);
    scene.drawMarks();
  }
  scene.stop = () => {
    cancelAnimationFrame(scene.playing);
    scene.playing = 0;
    play.textContent = "Play A → B";
  };
  function walk() {
    if (!isSet()) return;
    const begin = performance.now();
    play.textContent = "Stop";
    const frame = (now) => {
      const phase = Math.max(0, now - begin) / 1000 / SECONDS, part = 1 - Math.abs((phase % 2) - 1); // there and back
      scene.code = ends.A.map((a, j) => (1 - part) * a + part * ends.B[j]);
      scene.changed(now);
      scene.playing = scene.root.isConnected ? requestAnimationFrame(frame) : 0;
    };
    scene.playing = requestAnimationFrame(frame);
  }
  // the kernel's answer: a file to download
  function receive({ name, frames }, view) {
    const link = element("a", { href: URL.createObjectURL(new Blob([view], { type: "image/gif" })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    scene.say(`Saved ${name}, ${frames} frames. In Python: explorer.animation().`);
  }
  const heard = () => {
    for (const name of ["A", "B"]) ends[name] = model.get("ends")[name] ? Float32Array.from(model.get("ends")[name]) : null;
    scene.drawMarks();
  };
  return {
    nodes: [button("Set A", "Remember the point as A", () => set("A")), button("Set B", "Remember the point as B", () => set("B")), play, about.kind === "image" ? save : ""],
    receive,
    start() { model.on("change:ends", heard); heard(); },
    end() { model.off("change:ends", heard); scene.stop(); },
  };
}
