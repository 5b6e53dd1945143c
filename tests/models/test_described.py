"""Estimators on descriptors of compositions: what they see, and that they answer as themselves."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlsci.models.described import Described
from mlsci.science.elements import properties, scaled_properties

SETS = np.array([[8, 0.5, 12, 0.5, 0, 0], [26, 1.0, 0, 0, 0, 0], [11, 0.25, 17, 0.75, 0, 0]], dtype=np.float32)


class Seen:
    """Remembers its inputs."""

    def fit(self, x, y):
        self.x = x

    def predict(self, x):
        return x[:, 0]


def test_an_estimator_sees_mean_deviation_least_and_largest_of_the_properties():
    method = Described(estimator=Seen()).fit(SETS, np.zeros(3))
    table, count = np.array(scaled_properties()), len(properties())
    x = method.estimator.x
    assert x.shape == (3, 4 * count)
    np.testing.assert_allclose(x[0, :count], (table[8] + table[12]) / 2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        x[1], np.concatenate([table[26], 0 * table[26], table[26], table[26]]), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(x[2, 2 * count : 3 * count], np.minimum(table[11], table[17]), rtol=1e-5)
    np.testing.assert_allclose(method.predict(SETS), x[:, 0])


def test_a_classifier_has_probabilities_and_a_regressor_has_not():
    classifier = Described(estimator=LogisticRegression()).fit(SETS, np.array([0, 1, 0]))
    assert classifier.predict_proba(SETS).shape == (3, 2)
    assert not hasattr(Described(estimator=LinearRegression()), "predict_proba")
    with pytest.raises(ValueError, match=r"of shape \(N, 2 elements\), got \(3, 5\)"):
        classifier.predict(SETS[:, :5])
