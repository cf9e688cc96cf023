"""HTML with scripts inside other widgets: an `ipywidgets.HTML` does not run them."""

from __future__ import annotations

import anywidget
import traitlets


class Page(anywidget.AnyWidget):
    """Shows HTML that aenb generated, and runs its scripts. Its names and labels must already be escaped."""

    _esm = """
    export default {
      render({ model, el }) {
        const show = () => {
          el.innerHTML = model.get("html");
          for (const old of el.querySelectorAll("script")) { // scripts set by innerHTML are not run
            const script = document.createElement("script");
            script.textContent = old.textContent;
            setTimeout(() => old.replaceWith(script)); // once it is in the page
          }
        };
        model.on("change:html", show);
        show();
      },
    };
    """
    html = traitlets.Unicode().tag(sync=True)
