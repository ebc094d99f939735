"""The classifier of the TabSyn protocol; needs xgboost, pandas and scikit-learn, and nothing of this project.

usage: PYTHON benchmarks/tabsyn_auc.py TRAIN.csv TEST.csv ANSWER.json --target COLUMN [--seed N]

XGBoost is fitted to eight ninths of the training rows with each of the parameters of GRID, the paper's; those with the
best AUC on the other ninth are tested. Text columns are categories, one-hot. One thread.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

GRID = {  # 36 classifiers
    "n_estimators": [10, 50, 100],
    "min_child_weight": [1, 10],
    "max_depth": [5, 10, 20],
    "gamma": [0.0, 1.0],
}


def classify(train: pd.DataFrame, test: pd.DataFrame, target: str, seed: int) -> dict[str, Any]:
    """Return the AUC on the test rows of the best classifier of the grid, and its parameters."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import ParameterGrid
    from xgboost import XGBClassifier  # type: ignore[import-not-found]

    rows = pd.get_dummies(pd.concat([train, test]).drop(columns=target)).to_numpy(np.float32)
    X, X_test = rows[: len(train)], rows[len(train) :]
    positive = sorted(test[target].unique())[-1]
    y, y_test = (part[target].eq(positive).to_numpy(int) for part in (train, test))
    order = np.random.default_rng(seed).permutation(len(X))
    chosen, rest = order[: len(X) // 9], order[len(X) // 9 :]
    tried: list[tuple[float, dict[str, Any], Any]] = []
    for parameters in ParameterGrid(GRID):
        model = XGBClassifier(objective="binary:logistic", n_jobs=1, random_state=seed, **parameters)
        model.fit(X[rest], y[rest])
        tried.append((float(roc_auc_score(y[chosen], model.predict_proba(X[chosen])[:, 1])), parameters, model))
    found, parameters, model = max(tried, key=lambda one: one[0])
    auc = float(roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))
    return {"auc": auc, "auc_chosen_on": found, "parameters": parameters}


def main() -> None:
    """Read rows, write the answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("answer", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = classify(pd.read_csv(options.train), pd.read_csv(options.test), options.target, options.seed)
    options.answer.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
