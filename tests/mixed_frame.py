"""A mixed table of real patients: scikit-learn's diabetes table, with some columns in other forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes

CITIES = ["Lyon", "Nice", "Paris"]


def patients(gaps: bool = True) -> pd.DataFrame:
    """Return 442 patients: numbers, text, a category with an order, dates, truth values and counts; the index has gaps.

    Args:
        gaps: Whether some values of each kind are missing.
    """
    table = load_diabetes(as_frame=True, scaled=False)
    frame = table.data.rename(columns={"s1": "cholesterol", "s5": "triglycerides"}).drop(columns=["s2", "s4"])
    draw = np.random.default_rng(0)
    frame["sex"] = frame["sex"].map({1.0: "male", 2.0: "female"})
    frame["weight"] = pd.cut(frame["bmi"], [0, 22, 26, 30, 99], labels=["thin", "normal", "heavy", "obese"])
    days = (frame["s6"] * 10 - 580 + draw.integers(0, 200, len(frame))).astype(int)
    frame["seen"] = pd.Timestamp("2019-01-01") + pd.to_timedelta(days, unit="D")
    frame["smoker"] = frame["cholesterol"] > 200
    frame["patient"] = [f"P{number:04}" for number in range(len(frame))]
    frame["visits"] = draw.poisson(np.exp((frame["bmi"] - 20) / 8))
    frame["city"] = np.array(CITIES)[np.digitize(frame["triglycerides"], [4.4, 4.9])]
    frame["progress"] = table.target
    if gaps:
        for step, column in ((7, "sex"), (9, "bp"), (5, "seen"), (11, "weight"), (13, "city")):
            frame.loc[::step, column] = None
    frame.index = frame.index * 3 + 7
    return frame
