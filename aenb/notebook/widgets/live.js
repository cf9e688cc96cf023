// A training under way: buttons, numbers in fixed places, and learning curves drawn from the numbers that the kernel sends.
const WAITING = { pause: "Pausing after the running steps …", resume: "Resuming …", stop: "Stopping after the running steps …", cancel: "Cancelling …" };
const CELLS = 5, RESULT_DUE = 2, LISTED_DUE = 20; // numbers; seconds until the result is below the cell, and in the panel

// One region of the page speaks to screen readers: it outlives the widget, which is closed at the end.
function announce(text) {
  const style = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  let region = document.getElementById("aenb-announcer");
  if (!region) {
    region = make("div", { id: "aenb-announcer" });
    region.setAttribute("role", "status");
    region.setAttribute("style", style);
    document.body.append(region);
  }
  region.textContent = text;
}

// What stands below the view must not rise when the view is replaced by its result, and then fall: the place around it
// keeps its height until something as high is in it, at most some seconds.
function hold(place, seconds) {
  const free = () => {
    watcher.disconnect();
    clearTimeout(end);
    place.style.minHeight = "";
    if (place.getBoundingClientRect().bottom < 80) place.scrollIntoView({ block: "nearest" }); // the page may be left scrolled beyond it
  };
  const height = () => place.getBoundingClientRect().height, high = height();
  const watcher = new ResizeObserver(() => height() > high + 1 && free());
  place.style.minHeight = `${high}px`;
  watcher.observe(place);
  const end = setTimeout(free, 1000 * seconds);
}

function render({ model, el }) {
  const chart = new Chart(() => model.get("curves")); // of chart.js, which stands before this
  const pause = make("button", { type: "button", className: "aenb-pause", textContent: "Pause", title: "Pause or resume the training" });
  const stop = make("button", { type: "button", className: "aenb-stop", textContent: "Stop", title: "Stop and keep what was learnt" });
  const notify = make("input", { type: "checkbox" }), phase = make("span", { className: "aenb-phase" });
  const wish = make("label", { className: "aenb-small", title: "A notification of the browser at the end" }, notify, " notify me");
  const buttons = make("div", { className: "aenb-buttons" }, pause, stop, phase, wish);
  const title = make("div", { className: "aenb-title" }), bar = make("progress", { max: 1, value: 0 });
  const cells = make("div", { className: "aenb-cells" }), notes = make("div", { className: "aenb-notes aenb-small" });
  const result = make("div", { className: "aenb-result jp-RenderedHTMLCommon" });
  const image = make("img", { hidden: true, alt: "held-out examples with reconstructions, or generated samples" });
  const pictures = make("div", { className: "aenb-pictures" }, chart.element, make("div", {}, image));
  bar.setAttribute("aria-label", "training");
  for (let index = 0; index < CELLS; index++) cells.append(make("span", {}, make("span", { className: "aenb-small" }), " ", make("b")));
  el.classList.add("aenb-live");
  el.replaceChildren(buttons, title, bar, cells, notes, result, pictures);

  const kernel = model.widget_manager?.kernel;
  const showState = () => {
    const now = model.get("now"), isUnderWay = now.phase === "training", isHeld = now.state === "paused" || now.state === "pausing";
    const isScoring = ["scoring", "drawing"].includes(now.phase) && !now.trains;
    el.classList.toggle("aenb-trains", Boolean(now.trains));
    pause.style.display = isScoring ? "none" : "";
    stop.textContent = isScoring ? "Cancel" : "Stop";
    stop.title = isScoring ? "End the scoring: scores that are missing stay absent" : "Stop and keep what was learnt";
    pause.textContent = isHeld ? "Resume" : "Pause";
    pause.disabled = !isUnderWay || now.state === "stopping";
    stop.disabled = !now.stop || now.state === "stopping" || (now.stop === "interrupt" && !kernel?.interrupt);
    phase.textContent = phase.title = now.text;
    bar.value = now.part ?? 0;
    const isQueued = now.phase === "preparing" && !now.cells?.length && el.closest(".aenb-panel");
    pictures.style.display = now.trains && !isQueued ? "" : "none"; // below a cell their place is kept from the start
    (now.cells ?? []).forEach(([label, value], index) => {
      const cell = cells.children[index];
      cell.firstChild.textContent = label;
      cell.lastChild.textContent = value;
    });
  };
  const showAbout = () => {
    title.textContent = title.title = model.get("title");
    buttons.style.visibility = model.get("has_buttons") ? "" : "hidden";
    notes.replaceChildren(...model.get("notes").map((text) => make("div", { textContent: text })));
  };
  const showResult = () => {
    const isFirst = !result.firstChild, around = el.closest(".aenb-panel");
    result.innerHTML = model.get("result"); // tables, with every text escaped
    if (isFirst && result.firstChild && around) result.scrollIntoView({ block: "nearest" }); // the runs may stand above it
  };
  let url = "";
  const showExamples = () => {
    URL.revokeObjectURL(url);
    const bytes = model.get("examples");
    image.hidden = !bytes.byteLength;
    if (bytes.byteLength) image.src = url = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  };
  const ask = (what) => {
    phase.textContent = WAITING[stop.textContent === "Cancel" ? "cancel" : what]; // at once: the kernel may be in a long step
    if (what === "stop") stop.disabled = pause.disabled = true;
    if (what === "stop" && model.get("now").stop === "interrupt") kernel.interrupt(); // the kernel hears nothing else now
    else model.send({ ask: what });
  };
  pause.onclick = () => ask(pause.textContent.toLowerCase());
  stop.onclick = () => ask("stop");
  notify.onchange = async () => {
    if (notify.checked && window.Notification?.permission !== "granted")
      notify.checked = (await window.Notification?.requestPermission()) === "granted";
  };
  const heard = (content) => {
    announce(content.announce);
    const around = content.end && (el.closest(".aenb-panel") ?? el.closest(".jp-Cell-outputWrapper"));
    if (around) hold(around, around.matches(".aenb-panel") ? LISTED_DUE : RESULT_DUE);
    if (content.end && notify.checked) new Notification("aenb", { body: content.announce });
  };
  const showCurves = () => chart.show();
  const listeners = { "change:now": showState, "change:title": showAbout, "change:notes": showAbout, "change:has_buttons": showAbout,
    "change:examples": showExamples, "change:result": showResult, "change:curves": showCurves, "msg:custom": heard };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  for (const show of [showState, showAbout, showExamples, showResult, showCurves]) show();
  return () => {
    chart.watcher.disconnect();
    URL.revokeObjectURL(url);
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

export default { render };
