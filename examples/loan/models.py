"""The four candidates of the example, each an ordinary scikit-learn estimator over data.FEATURES."""

from dataclasses import dataclass, field
from functools import cache

import pandas
from data import FEATURES, LOAN, split
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

TREES = 200


@dataclass
class Candidate:
    name: str
    story: str
    estimator: object
    params: dict = field(default_factory=dict)
    wraps: int = 0  # the version whose stored model it uses with a cut-off of its own; 0: it is stored whole


def logistic(columns, **options):
    chosen = ColumnTransformer([("chosen", "passthrough", columns)])
    return make_pipeline(chosen, SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=2000, **options))


def forest():
    return make_pipeline(SimpleImputer(), RandomForestClassifier(TREES, min_samples_leaf=2, oob_score=True,
                                                                  random_state=0, n_jobs=-1))


def parity(selected, groups):
    """Smallest approval rate of a group as a share of the largest."""
    rates = pandas.Series(selected).groupby(list(groups)).mean()
    return rates.min() / rates.max()


@cache
def fitted_forest():
    train, _ = split()
    return forest().fit(train[FEATURES], train.approve)


def fair_cutoff(wanted=0.86):
    """The highest cut-off, the same for everybody, at which approvals on unseen training rows are alike enough.

    Unseen: out-of-bag, so the holdout data plays no part. Wants more than the policy's 0.8, for the luck of the sample.
    """
    train, _ = split()
    chances = fitted_forest()[-1].oob_decision_function_[:, 1]
    for cutoff in (0.50, 0.45, 0.40, 0.35, 0.30):
        if parity((chances >= cutoff).astype(int), train.race) >= wanted:
            return cutoff
    raise SystemExit("no cut-off makes approvals alike enough on the training data")


def baseline():
    train, _ = split()
    model = logistic(LOAN).fit(train[FEATURES], train.approve)
    return Candidate("loan-size-only", "logistic regression on the size of loan, house and income", model,
                     {"kind": "logistic", "columns": len(LOAN)})


def accurate():
    return Candidate("forest", "random forest on everything the bank knows of the applicant", fitted_forest(),
                     {"kind": "forest", "trees": TREES, "columns": len(FEATURES), "cutoff": 0.5})


def fair():
    train, _ = split()
    cutoff = fair_cutoff()
    model = FixedThresholdClassifier(FrozenEstimator(fitted_forest()), threshold=cutoff, pos_label=1,
                                     response_method="predict_proba").fit(train[FEATURES], train.approve)
    return Candidate("forest-fair-cutoff", "the same forest with one cut-off for everybody, chosen for parity", model,
                     {"kind": "forest", "trees": TREES, "columns": len(FEATURES), "cutoff": cutoff}, wraps=2)


def worse():
    train, _ = split()
    model = logistic(FEATURES, class_weight="balanced").fit(train[FEATURES], train.approve)
    return Candidate("balanced-logistic", "logistic regression that counts every refusal sevenfold", model,
                     {"kind": "logistic", "columns": len(FEATURES), "class_weight": "balanced"})


CANDIDATES = (baseline, accurate, fair, worse)
