"""Files that are examples: folders of texts and images, splits by subfolder, tables and lists of file names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import aenb

IMAGES = load_digits().images.astype("uint8") * 16
TEXTS = [f"the {one} sees the {other}" for one in ("cat", "dog", "cow") for other in ("sun", "sea", "hen", "hill")]


def saved(folder, names, images=IMAGES):
    for name, image in zip(names, images, strict=False):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return folder


def written(folder, names, texts=TEXTS):
    for name, text in zip(names, texts, strict=False):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def by_name(data):
    """Return the examples of both parts by name, and whether each is held out."""
    names = [*data.names_train, *data.names_test]
    examples = dict(zip(names, [*data.train, *data.test], strict=True))
    return examples, dict(zip(names, [False] * len(data.train) + [True] * len(data.test), strict=True))


class TestFolders:
    def test_texts_are_examples_with_names_and_labels(self, tmp_path):
        written(tmp_path, [f"{'ab'[number % 2]}/{number:02}.txt" for number in range(12)])
        (tmp_path / "a" / "empty.txt").write_bytes(b"")
        (tmp_path / "b" / "latin.txt").write_bytes("déjà".encode("latin-1"))
        (tmp_path / "b" / "mark.txt").write_bytes("\ufeffthe hen".encode())
        data = aenb.load_data(tmp_path)
        assert (data.kind, data.n, data.class_names) == ("text", 13, ("a", "b"))
        (note,) = [note for note in data.notes if "cannot be read" in note]
        assert "a/empty.txt (it is empty)" in note
        assert "b/latin.txt (it is not UTF-8, at byte 1)" in note
        examples, _ = by_name(data)
        assert data.texts([examples["a/00.txt"]]) == [TEXTS[0]]
        assert data.texts([examples["b/mark.txt"]]) == ["the hen"]  # without its byte order mark
        for name, label in zip([*data.names_train, *data.names_test], [*data.y_train, *data.y_test], strict=True):
            assert name.startswith("ab"[label])

    @pytest.mark.parametrize("held", ["test", "Testing", "val"])
    def test_train_and_test_are_the_split(self, tmp_path, held):
        names = [f"train/{'ab'[number % 2]}/{number}.png" for number in range(10)]
        names += [f"{held}/{'ab'[number % 2]}/{number}.png" for number in range(4)]
        data = aenb.load_data(saved(tmp_path, names))
        _, is_held = by_name(data)
        assert is_held == {name: name.startswith(held) for name in names}
        assert data.class_names == ("a", "b")
        assert np.bincount(data.y_test).tolist() == [2, 2]
        assert "The split is that of the subfolders: 10 to train on, 4 held out." in data.notes

    def test_images_for_validation_are_trained_on_if_there_is_a_test(self, tmp_path):
        names = [f"{part}/{number}.png" for part in ("train", "val", "test") for number in range(4)]
        data = aenb.load_data(saved(tmp_path, names))
        assert sorted(data.names_test) == [f"test/{number}.png" for number in range(4)]
        assert data.y_train is None
        assert any("4 for validation" in note for note in data.notes)

    def test_train_alone_or_beside_another_folder_is_a_class(self, tmp_path):
        names = [f"{part}/{number}.png" for part in ("train", "bus") for number in range(4)]
        assert aenb.load_data(saved(tmp_path, names)).class_names == ("bus", "train")

    def test_mixed_modes_and_orientation(self, tmp_path):
        saved(tmp_path, [f"{number}.png" for number in range(3)])
        upright = Image.fromarray(IMAGES[3])
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned by 90° to the right
        upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "3.png", exif=exif)
        upright.convert("RGBA").save(tmp_path / "4.png")
        upright.convert("P").save(tmp_path / "5.png")
        Image.fromarray(IMAGES[3].astype("uint16") * 257).save(tmp_path / "6.png")
        examples, _ = by_name(aenb.load_data(tmp_path))
        for number in (3, 4, 5, 6):
            np.testing.assert_array_equal(examples[f"{number}.png"][..., 0], IMAGES[3])


class TestTables:
    def table(self, folder, **columns):
        saved(folder / "images", [f"{number}.png" for number in range(12)])
        return pd.DataFrame({"file": [f"images/{number}.png" for number in range(12)], **columns})

    def test_a_csv_of_names_and_labels(self, tmp_path):
        rows = self.table(tmp_path, animal=["cat", "dog", "cow"] * 4)
        rows.loc[5, "file"] = "images/gone.png"
        rows.to_csv(tmp_path / "labels.csv", index=False, sep=";")
        data = aenb.load_data(tmp_path / "labels.csv")
        assert (data.kind, data.n, data.classes) == ("image", 11, ("cat", "cow", "dog"))
        assert any("images/gone.png (there is no such file)" in note for note in data.notes)
        animal = dict(zip(rows["file"], rows["animal"], strict=True))
        examples, _ = by_name(data)
        np.testing.assert_array_equal(examples["images/7.png"][..., 0], IMAGES[7])
        assert [animal[name] for name in data.names_train] == data.y_train.tolist()

    def test_a_split_and_the_choice_of_labels(self, tmp_path):
        rows = self.table(tmp_path, split=["train", "train", "test"] * 4, site=list("xy") * 6, species=list("abcd") * 3)
        rows.to_csv(tmp_path / "x.csv", index=False)
        data = aenb.load_data(tmp_path / "x.csv", "species")
        assert data.classes == tuple("abcd")
        assert sorted(data.names_test) == sorted(rows["file"][rows["split"] == "test"])
        plain = aenb.load_data(tmp_path / "x.csv")
        assert plain.y_train is None
        assert any("left out: `site`, `species`; labels=NAME" in note for note in plain.notes)
        with pytest.raises(aenb.AenbError, match="name of a column"):
            aenb.load_data(tmp_path / "x.csv", "genus")

    def test_a_table_of_many_columns_stays_one(self, tmp_path):
        rows = self.table(tmp_path, **{f"x{number}": np.arange(12) ** 2 / 3 for number in range(4)})
        assert aenb.load_data(rows).kind == "tabular"
        assert aenb.load_data(rows[["file", "x0"]], columns={"file": "drop"}).kind == "tabular"

    def test_files_that_are_nowhere(self, tmp_path, monkeypatch):
        self.table(tmp_path).to_csv(tmp_path / "images" / "x.csv", index=False)
        with pytest.raises(
            aenb.AenbError, match=r"relative to the folder .*images; there is no file images/0.png there"
        ):
            aenb.load_data(tmp_path / "images" / "x.csv")
        monkeypatch.chdir(tmp_path)
        with pytest.raises(aenb.AenbError, match=r"alone; received \.png, \.txt"):
            aenb.load_data(["images/0.png", "a.txt"])

    def test_lists_and_columns_of_paths(self, tmp_path, monkeypatch):
        rows = self.table(tmp_path)
        monkeypatch.chdir(tmp_path)
        right = aenb.load_data(tmp_path / "images").fingerprint
        order = sorted(rows["file"])
        for paths in (
            order,
            [Path(one) for one in order],
            np.array(order),
            pd.Series(order),
            [tmp_path / p for p in order],
        ):
            assert aenb.load_data(paths).fingerprint == right
        assert aenb.load_data((order, list("ab") * 6)).classes == ("a", "b")
        frame = pd.DataFrame({"path": order}, index=[f"id{number}" for number in range(12)])
        assert set(aenb.load_data(frame).names_test) <= set(frame.index)
        assert aenb.load_data(TEXTS).kind == "text"  # texts are no paths


class TestGate:
    def test_images_bear_the_names_of_what_listed_them(self, tmp_path, monkeypatch):
        run = aenb.train("shallow", IMAGES, latent_dim=3, epochs=1, seed=0, verbose=False)
        names = ["a.png", "b/c.png", "d.png"]
        saved(tmp_path, names)
        right = run.score(IMAGES[:3])
        monkeypatch.chdir(tmp_path)
        frame = pd.DataFrame({"path": names}, index=[7, 8, 9])
        frame.to_csv("list.csv", index=False)
        for x, index in (
            (tmp_path, names), (names, names), ([Path(name) for name in names], names), ("list.csv", names),
            (frame, [7, 8, 9]), (frame["path"], [7, 8, 9]), ("a.png", ["a.png"]), (Path("a.png"), ["a.png"]),
        ):  # fmt: skip
            scores = run.score(x)
            assert scores.index.tolist() == index
            np.testing.assert_allclose(scores, right[: len(index)], rtol=1e-5)
        (tmp_path / "e.png").write_bytes(b"hello")
        with pytest.warns(UserWarning, match=r"left out, since they cannot be read: e\.png"):
            assert run.encode(tmp_path).index.tolist() == names

    def test_texts_of_a_folder(self, tmp_path):
        names = [f"{number:02}.txt" for number in range(12)]
        run = aenb.train(
            "deep", aenb.load_data(written(tmp_path, names)), hidden_units=(16,), latent_dim=3, epochs=1, verbose=False
        )
        codes = run.encode(tmp_path)
        assert codes.index.tolist() == names
        np.testing.assert_allclose(codes, run.encode(TEXTS), rtol=1e-5)
        with pytest.raises(aenb.AenbError, match="received files of images"):
            run.encode(saved(tmp_path / "more", names=["0.png"]))
