"""Downloads: checked against a pinned SHA-256, written to a temporary file, renamed, and kept in Keras's cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from aenb.core.errors import AenbError


def cache() -> Path:
    """Return the folder of Keras's data sets, shared with `keras.datasets`."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home) / "datasets"


def fetch(url: str, file: Path, sha256: str, remedy: str) -> Path:
    """Return a file of the cache, and download it first if it is missing.

    Args:
        url: Where to download it from.
        file: Its path in the cache.
        sha256: Its expected checksum.
        remedy: What to do on a machine without a network.

    Raises:
        AenbError: It cannot be downloaded or written, or its checksum differs.
    """
    import pooch
    import requests
    from tqdm import tqdm

    pooch.get_logger().setLevel("WARNING")
    bar = tqdm(desc=f"Downloading {file.name}", total=0, unit="B", unit_scale=True, file=sys.stdout, leave=False)
    try:
        path = pooch.retrieve(
            url,
            known_hash=f"sha256:{sha256}",
            fname=file.name,
            path=file.parent,
            downloader=pooch.HTTPDownloader(progressbar=bar, timeout=30),
        )
    except requests.RequestException as error:
        raise AenbError(f"Expected to download {url}; received {_reason(error)}. {remedy}") from error
    except ValueError as error:  # pooch: the checksum differs; it has deleted the download
        raise AenbError(
            f"Expected {url} to have the SHA-256 {sha256[:12]}…; received another file. {remedy}"
        ) from error
    except OSError as error:
        raise AenbError(f"Expected to write {file}; received {error.strerror or error}.") from error
    finally:
        bar.close()
    return Path(path)


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    return f"status {response.status_code}" if response is not None else f"no answer ({type(error).__name__})"
