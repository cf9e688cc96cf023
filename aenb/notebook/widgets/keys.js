// JupyterLab and Notebook 7 take keys such as `d d`, which deletes a cell, as notebook commands unless a text field has
// the focus. They look for this attribute on the focused element itself.
const spare = (element) => element?.closest?.(".aenb-keys") && element.setAttribute("data-lm-suppress-shortcuts", "true");

function initialize() {
  const heard = (event) => spare(event.target);
  document.addEventListener("focusin", heard);
  spare(document.activeElement);
  return () => document.removeEventListener("focusin", heard);
}

export default { initialize };
