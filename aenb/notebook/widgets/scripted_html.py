"""HTML of ours with its scripts, inside other widgets: an `ipywidgets.HTML` does not run them."""

from __future__ import annotations

import anywidget
import traitlets


class Page(anywidget.AnyWidget):
    """Shows HTML that aenb made, and runs its scripts. Names and labels in it are escaped by whoever made it."""

    _esm = """
    export default {
      render({ model, el }) {
        const show = () => {
          el.innerHTML = model.get("html");
          for (const old of el.querySelectorAll("script")) { // those of innerHTML are not run
            const script = document.createElement("script");
            script.textContent = old.textContent;
            setTimeout(() => old.replaceWith(script)); // when it stands in the page
          }
        };
        model.on("change:html", show);
        show();
      },
    };
    """
    html = traitlets.Unicode().tag(sync=True)
