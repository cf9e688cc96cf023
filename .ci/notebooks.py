"""Run notebooks from top to bottom: store their outputs, or write a page and print the runs' tables."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tqdm import tqdm


def execute(path: Path) -> nbformat.NotebookNode:
    """Run a notebook in a fresh kernel, without live displays or widget state.

    Raises:
        CellExecutionError: A cell raised.
    """
    notebook = nbformat.read(path, as_version=4)
    cells = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    bar = tqdm(total=len(cells), desc=path.name, unit="cell", file=sys.stdout)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_executed=lambda **_: bar.update(),
    )
    try:
        client.execute()
    finally:
        bar.close()
    notebook.metadata.pop("widgets", None)  # GitHub refuses a notebook whose widget state is broken
    return notebook


def tables(notebook: nbformat.NotebookNode) -> list[str]:
    """List the runs that a notebook shows, as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    shown = [output.data for output in outputs if output.output_type == "execute_result"]
    return [data["text/plain"] for data in shown if 'class="aenb-run"' in data.get("text/html", "")]


def to_html(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Write a notebook as one HTML file."""
    from nbconvert import HTMLExporter

    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(HTMLExporter(embed_images=True).from_notebook_node(notebook)[0], encoding="utf-8")


def main() -> int:
    """Read the command line and run the notebooks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", type=Path, nargs="+")
    parser.add_argument("--store", action="store_true", help="write the outputs into the notebooks")
    parser.add_argument("--html", type=Path, help="write the (last) notebook as a page")
    asked = parser.parse_args()
    os.environ["AENB_LIVE"] = "0"
    for path in asked.notebooks:
        begin = time.perf_counter()
        try:
            notebook = execute(path)
        except CellExecutionError as error:
            print(f"{path} failed:\n{error}", file=sys.stderr)
            return 1
        print(f"{path}: {time.perf_counter() - begin:.0f} s")
        if asked.store:
            nbformat.write(notebook, path)
        for table in tables(notebook):
            print(f"\n{table}")
    if asked.html:
        to_html(notebook, asked.html)
        print(f"\nThe page is {asked.html}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
