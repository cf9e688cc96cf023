// JupyterLab and Notebook 7 take keys such as `d d` for commands to the notebook, which deletes a cell, wherever in it
// the focus is but in a field of text. They look for this attribute on the very element that has the focus.
const spare = (element) => element?.closest?.(".aenb-keys") && element.setAttribute("data-lm-suppress-shortcuts", "true");

function initialize() {
  const heard = (event) => spare(event.target);
  document.addEventListener("focusin", heard);
  spare(document.activeElement);
  return () => document.removeEventListener("focusin", heard);
}

export default { initialize };
