"""A button that copies text."""

from __future__ import annotations

import anywidget
import traitlets


class CopyButton(anywidget.AnyWidget):
    """Copies `text` to the clipboard when it is pressed."""

    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      const rest = () => (button.textContent = model.get("label"));
      button.type = "button";
      button.setAttribute("data-lm-suppress-shortcuts", "true");
      button.className = "jupyter-widgets jupyter-button widget-button aenb-copy";
      button.title = "Copy the text to the clipboard";
      button.addEventListener("click", async () => {
        const text = model.get("text");
        try {
          await navigator.clipboard.writeText(text);
        } catch { // no secure context, or no permission: the older way
          const area = document.createElement("textarea");
          area.value = text;
          document.body.append(area);
          area.select();
          document.execCommand("copy");
          area.remove();
        }
        button.textContent = "Copied";
        setTimeout(rest, 1500);
      });
      rest();
      el.append(button);
    }
    export default { render };
    """
    text = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode("Copy").tag(sync=True)
