"""Estimators for scikit-learn: dense autoencoders of tables, for Pipeline, GridSearchCV and ColumnTransformer.

They take arrays and DataFrames of numbers, standardise the columns themselves, and train in about a second. Encode
categories before, with a `ColumnTransformer`. A fitted estimator holds its weights as arrays: it can be pickled, and it
predicts without TensorFlow. `keras_model()` is its Keras model.

    code_transformer.py  AutoencoderTransformer: latent codes as features
    outlier_detector.py  AutoencoderOutlierDetector
    imputer.py           AutoencoderImputer: fills in missing values
    hidden_values.py     what the imputer is trained on
    generator.py         AutoencoderGenerator: samples of new rows
    fitted_ensemble.py   what all of them fit: autoencoders, with the units of the columns
    calibration.py       the detector's halves of the rows, and the weights of its columns

Not here: the families of models, images, texts and signals, which `aenb.train` trains.
"""

from aenb.sklearn.code_transformer import AutoencoderTransformer
from aenb.sklearn.generator import AutoencoderGenerator
from aenb.sklearn.imputer import AutoencoderImputer
from aenb.sklearn.outlier_detector import AutoencoderOutlierDetector

__all__ = ["AutoencoderGenerator", "AutoencoderImputer", "AutoencoderOutlierDetector", "AutoencoderTransformer"]
