"""The download path, against a server on loopback."""

import gzip
import hashlib
import http.server
import io
import tarfile
import threading

import numpy as np
import pytest

import aenb
from aenb.data.sets import cifar10, fashion_mnist, mnist
from aenb.data.sets.data_sets import datasets


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve a folder on loopback, with an empty cache; return the folder and its address."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    served = tmp_path / "served"
    served.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(served))

        def log_message(self, *args):
            """Stay quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield served, f"http://127.0.0.1:{httpd.server_port}/"
        httpd.shutdown()
        thread.join()


def images(n, shape):
    return np.random.default_rng(0).integers(0, 256, (n, *shape), dtype="uint8")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def served_mnist(server, monkeypatch):
    folder, address = server
    file = folder / "mnist.npz"
    np.savez(
        file,
        x_train=images(60, (28, 28)),
        y_train=np.arange(60) % 10,
        x_test=images(20, (28, 28)),
        y_test=np.arange(20) % 10,
    )
    monkeypatch.setattr(mnist, "URL", address + "mnist.npz")
    monkeypatch.setattr(mnist, "SHA256", sha256(file))
    return file


def test_mnist_is_downloaded_checked_and_kept(served_mnist):
    assert not datasets()["mnist"].at_hand()
    data = aenb.load_data("mnist")
    assert data.source == "downloaded"
    assert data.x_train.shape == (60, 28, 28, 1)
    served_mnist.unlink()
    assert datasets()["mnist"].at_hand()
    assert aenb.load_data("mnist").source == "Keras's cache"


def test_another_file_than_the_pinned_one_is_refused_and_not_kept(served_mnist):
    served_mnist.write_bytes(b"something else")
    with pytest.raises(aenb.AenbError, match="SHA-256"):
        aenb.load_data("mnist")
    assert not datasets()["mnist"].at_hand()
    assert not list(mnist._file().parent.iterdir())


def test_a_file_that_is_not_there_names_the_status(served_mnist):
    served_mnist.unlink()
    with pytest.raises(aenb.AenbError, match="status 404"):
        aenb.load_data("mnist")


def test_no_network_names_what_would_help(served_mnist, monkeypatch):
    monkeypatch.setattr(mnist, "URL", "http://127.0.0.1:9/mnist.npz")
    with pytest.raises(aenb.AenbError, match=r"no answer.*Offline: put mnist.npz in.*mnist_5k"):
        aenb.load_data("mnist")


def test_a_cache_that_cannot_be_written(served_mnist, tmp_path):
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(aenb.AenbError, match="Expected to write"):
        aenb.load_data("mnist")


def test_fashion_mnist_is_downloaded_where_the_package_is_absent(server, monkeypatch, tmp_path):
    folder, address = server
    monkeypatch.setattr(fashion_mnist, "SYSTEM", tmp_path / "absent")
    monkeypatch.setattr(fashion_mnist, "URL", address)
    arrays = [images(30, (28, 28)), images(30, ()), images(10, (28, 28)), images(10, ())]
    pinned = {}
    for name, array in zip(fashion_mnist.SHA256, arrays, strict=True):
        header = bytes([0, 0, 8, array.ndim]) + b"".join(side.to_bytes(4, "big") for side in array.shape)
        (folder / name).write_bytes(gzip.compress(header + array.tobytes()))
        pinned[name] = sha256(folder / name)
    monkeypatch.setattr(fashion_mnist, "SHA256", pinned)
    data = aenb.load_data("fashion_mnist")
    assert data.x_train.shape == (30, 28, 28, 1)
    assert data.source == "downloaded"
    assert aenb.load_data("fashion_mnist").source == "Keras's cache"


def test_cifar10_is_read_without_unpickling(server, monkeypatch):
    folder, address = server
    file = folder / "cifar-10-binary.tar.gz"
    pixels = images(4, (32, 32, 3))
    record = b"".join(bytes([label]) + image.transpose(2, 0, 1).tobytes() for label, image in enumerate(pixels))
    with tarfile.open(file, "w:gz") as archive:
        for name in (*cifar10.TRAIN, *cifar10.TEST):
            entry = tarfile.TarInfo(name)
            entry.size = len(record)
            archive.addfile(entry, io.BytesIO(record))
    monkeypatch.setattr(cifar10, "URL", address + file.name)
    monkeypatch.setattr(cifar10, "SHA256", sha256(file))
    data = aenb.load_data("cifar10")
    assert data.x_train.shape == (20, 32, 32, 3)
    np.testing.assert_allclose(data.x_test, pixels / np.float32(255))
    assert list(data.y_test) == [0, 1, 2, 3]
