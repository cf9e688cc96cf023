// JupyterLab and Notebook 7 take keys such as `d d`, which deletes a cell, as notebook commands unless a text field has
// the focus. They look for this attribute on the focused element itself.
const spare = (element) => element?.closest?.(".aenb-keys") && element.setAttribute("data-lm-suppress-shortcuts", "true");

// In a row whose label is a widget of its own, the controls get its words as their accessible name.
const UNNAMED = ":is(input, select, textarea, [role=slider]):not([aria-label])";

function nameControls() {
  for (const row of document.querySelectorAll(".aenb-keys .aenb-named")) {
    const words = row.querySelector(".widget-label")?.textContent.trim();
    for (const control of words ? row.querySelectorAll(UNNAMED) : []) {
      const own = control.type === "checkbox" ? control.closest("label")?.textContent.trim() : "";
      control.setAttribute("aria-label", own ? `${words}: ${own}` : words);
    }
  }
}

function initialize() {
  const heard = (event) => spare(event.target);
  document.addEventListener("focusin", heard);
  spare(document.activeElement);
  let isDue = false;
  const watcher = new MutationObserver(() => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => { isDue = false; nameControls(); }, 100); // many changes come together
  });
  watcher.observe(document.body, { childList: true, subtree: true });
  nameControls();
  return () => {
    document.removeEventListener("focusin", heard);
    watcher.disconnect();
  };
}

export default { initialize };
