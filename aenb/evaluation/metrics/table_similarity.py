"""How alike two tables are: column by column, in pairs of columns, and for a classifier that tells them apart.

Columns of numbers and dates are compared as numbers, all others as categories. A missing value is left out.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame, Series

FOLDS, TREES, LEAF = 3, 60, 3  # of the classifier's cross-validation; its trees, and the fewest rows of a leaf
COLUMNS = 40  # of which pairs are compared
FEWEST = 2  # values of a pair of columns for an association


def marginal_distance(real: Series, generated: Series) -> float:
    """Return the distance of two columns' distributions, in [0, 1]; 0 for equal ones.

    For numbers, that of Kolmogorov and Smirnov, the largest difference of the distribution functions. For categories,
    the total variation, half the sum of the differences of the shares.

    Args:
        real: A column, with at least one value.
        generated: The same of the other table.

    Example:
        >>> import pandas as pd
        >>> marginal_distance(pd.Series(["a", "a", "b", "b"]), pd.Series(["a", "c"]))
        0.5
    """
    real, generated = real.dropna(), generated.dropna()
    if not len(real) or not len(generated):
        return float(len(real) != len(generated))
    if is_numeric(real):
        return _kolmogorov_smirnov(_numbers(real), _numbers(generated))
    shares = [one.astype(str).value_counts(normalize=True) for one in (real, generated)]
    return float(shares[0].sub(shares[1], fill_value=0).abs().sum() / 2)


def association(first: Series, second: Series) -> float:
    """Return how strongly two columns of a table are associated; 0 for independent ones.

    For numbers, Pearson's correlation, in [−1, 1]; for categories, Cramér's V (1946); for one of each, the correlation
    ratio η, the root of the share of the numbers' variance that lies between the categories, both in [0, 1].

    Args:
        first: (n,).
        second: (n,).

    Example:
        >>> import pandas as pd
        >>> numbers = pd.Series([1.0, 2.0, 3.0, 4.0])
        >>> association(numbers, 1 - numbers), association(pd.Series(["a", "b", "a", "b"]), pd.Series(["c", "d"] * 2))
        (-1.0, 1.0)
    """
    both = (first.notna() & second.notna()).to_numpy()
    first, second = first[both], second[both]
    if len(first) < FEWEST:
        return 0.0
    kinds = is_numeric(first), is_numeric(second)
    if all(kinds):
        return _correlation(_numbers(first), _numbers(second))
    if not any(kinds):
        return _cramers_v(_codes(first), _codes(second))
    numbers, levels = (first, second) if kinds[0] else (second, first)
    return _correlation_ratio(_numbers(numbers), _codes(levels))


def association_difference(real: DataFrame, generated: DataFrame) -> float:
    """Return the mean absolute difference of the associations of two tables' pairs of columns, in [0, 2]; 0 is best.

    Args:
        real: (n, columns), at least two; of more than 40, every so many are taken.
        generated: (m, columns), the same columns.

    Example:
        >>> import pandas as pd
        >>> real = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [2.0, 4.0, 6.0]})
        >>> association_difference(real, real.assign(b=-real["b"]))
        2.0
    """
    places = np.unique(np.linspace(0, real.shape[1] - 1, COLUMNS).round().astype(int))
    differences = [
        abs(association(real.iloc[:, a], real.iloc[:, b]) - association(generated.iloc[:, a], generated.iloc[:, b]))
        for a, b in combinations(places, 2)
    ]
    return float(np.mean(differences))


def classifier_auc(real: DataFrame, generated: DataFrame, seed: int = 0) -> float:
    """Return the ROC AUC of a random forest that tells real from generated rows; 0.5 if it can't, 1 if it always can.

    A classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv 1610.06545), by threefold cross-validation. Categories
    are one-hot, and a missing value is the column's median or a category.

    Args:
        real: (n, columns), n ≥ 6.
        generated: (m, columns), the same columns; m as n, and missing values as often, or these tell them apart.
        seed: Of the forest and of the folds.

    Example:
        >>> import numpy as np, pandas as pd
        >>> real = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)))
        >>> classifier_auc(real, real + 9)
        1.0
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    x, is_generated = _features(real, generated), np.repeat([0, 1], [len(real), len(generated)])
    forest = RandomForestClassifier(TREES, min_samples_leaf=LEAF, random_state=seed)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    found = cross_val_predict(forest, x, is_generated, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(is_generated, found))


def is_numeric(column: Series) -> bool:
    """Say whether a column is compared as numbers: numbers and dates are, truth values and categories are not."""
    from pandas.api import types

    if isinstance(column.dtype, types.CategoricalDtype) or types.is_bool_dtype(column):
        return False
    return types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column) or column.dtype.kind == "m"


def _numbers(column: Series) -> np.ndarray:
    """Return observed values as float64; of dates and durations, in their units of time."""
    is_time = getattr(column.dtype, "kind", "") in "mM"
    return (column.astype("int64") if is_time else column).to_numpy("float64")


def _kolmogorov_smirnov(a: np.ndarray, b: np.ndarray) -> float:
    places = np.concatenate([a, b])
    shares = [np.searchsorted(np.sort(one), places, side="right") / len(one) for one in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max())


def _codes(column: Series) -> np.ndarray:
    import pandas as pd

    return pd.factorize(column.astype(str))[0]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt(np.square(a).sum() * np.square(b).sum())
    return float(np.clip((a * b).sum() / size, -1, 1)) if size > 0 else 0.0


def _correlation_ratio(numbers: np.ndarray, levels: np.ndarray) -> float:
    counts = np.bincount(levels)
    means = np.bincount(levels, numbers) / counts
    total = np.square(numbers - numbers.mean()).sum()
    return float(np.sqrt((counts * np.square(means - numbers.mean())).sum() / total)) if total > 0 else 0.0


def _cramers_v(a: np.ndarray, b: np.ndarray) -> float:
    shape = a.max() + 1, b.max() + 1
    if min(shape) < 2:
        return 0.0
    counts = np.bincount(a * shape[1] + b, minlength=shape[0] * shape[1]).reshape(shape)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / len(a)
    return float(np.sqrt((np.square(counts - expected) / expected).sum() / len(a) / (min(shape) - 1)))


def _features(real: DataFrame, generated: DataFrame) -> np.ndarray:
    """Return both tables' rows as numbers: (n + m, features)."""
    import pandas as pd

    parts = []
    for place in range(real.shape[1]):
        columns = [real.iloc[:, place], generated.iloc[:, place]]
        if is_numeric(columns[0]):
            values = [np.full(len(one), np.nan) for one in columns]
            for array, one in zip(values, columns, strict=True):
                array[one.notna().to_numpy()] = _numbers(one.dropna())
            both = np.concatenate(values)
            middle = np.nanmedian(both) if not np.isnan(both).all() else 0.0
            parts.append(np.where(np.isnan(both), middle, both)[:, None])
        else:
            words = pd.concat([one.astype(object).where(one.notna(), "").astype(str) for one in columns])
            parts.append(pd.get_dummies(words).to_numpy("float64"))
    return np.concatenate(parts, axis=1)
