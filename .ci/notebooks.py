"""Run notebooks from top to bottom: store their outputs, or write a page and print the runs' tables.

Storing also writes the time and the peak memory of each notebook into the table of `notebooks/README.md`.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import re
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image
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


class Memory:
    """The peak memory of the kernels within a block, in bytes."""

    def __enter__(self) -> Memory:
        self.peak, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            for child in psutil.Process().children():
                try:
                    self.peak = max(self.peak, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


def store(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook, with its figures reduced to 256 colours, a third of the size."""
    for output in (output for cell in notebook.cells for output in cell.get("outputs", ())):
        if output.output_type == "display_data" and "image/png" in output.data:
            small = io.BytesIO()
            with Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))) as image:
                if image.mode != "P":
                    image = image.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
                image.save(small, "png", optimize=True)
            output.data["image/png"] = base64.b64encode(small.getvalue()).decode()
    nbformat.write(notebook, path)


def note(path: Path, seconds: float, peak: int) -> None:
    """Write time and memory into the notebook's row of the README's table."""
    table = path.parent / "README.md"
    text = table.read_text(encoding="utf-8") if table.exists() else ""
    measured = f"{seconds / 60:.1f} min | {peak / 2**30:.1f} GB"
    row = re.compile(rf"(^\|[^|]*\({re.escape(path.name)}\)[^|]*\|[^|]*\|) [^|]* \| [^|]* \|$", re.MULTILINE)
    table.write_text(row.sub(rf"\1 {measured} |", text), encoding="utf-8")


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
            with Memory() as memory:
                notebook = execute(path)
        except CellExecutionError as error:
            print(f"{path} failed:\n{error}", file=sys.stderr)
            return 1
        seconds = time.perf_counter() - begin
        print(f"{path}: {seconds:.0f} s, at most {memory.peak / 2**20:,.0f} MB")
        if asked.store:
            store(notebook, path)
            note(path, seconds, memory.peak)
        for table in tables(notebook):
            print(f"\n{table}")
    if asked.html:
        to_html(notebook, asked.html)
        print(f"\nThe page is {asked.html}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
