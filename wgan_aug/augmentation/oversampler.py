"""`WGANGPOverSampler`: an over-sampler of imbalanced-learn that draws its rows from a synthesizer."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_feature_names, _check_n_features  # pyright: ignore[reportPrivateUsage]

from wgan_aug.augmentation.models import copy_synthesizer
from wgan_aug.augmentation.rows import append_labels, append_rows, append_values
from wgan_aug.augmentation.strata import LEAST_NUMBERS, ask_of_bins, classes_of
from wgan_aug.errors import (
    DataTypeError,
    InvalidDataError,
    InvalidParameterError,
    MissingExtraError,
    explains_names,
    join_problems,
)
from wgan_aug.schema.cells import missing_cells
from wgan_aug.schema.inference import resolve_columns
from wgan_aug.synthesizers.base import GANSynthesizer
from wgan_aug.synthesizers.checks import check_frame, find_seed, not_a_number, not_among
from wgan_aug.synthesizers.containers import to_frame, to_series
from wgan_aug.synthesizers.sequences.synthesizer import WGANGPSequenceSynthesizer
from wgan_aug.synthesizers.table import WGANGPSynthesizer

try:
    from imblearn.over_sampling.base import BaseOverSampler
    from imblearn.utils import check_sampling_strategy, check_target_type
except ImportError as error:
    raise MissingExtraError('WGANGPOverSampler needs imbalanced-learn: pip install "wgan-aug[imblearn]"') from error

__all__ = ["WGANGPOverSampler"]


class WGANGPOverSampler(BaseOverSampler):
    """Add synthetic rows of the classes, or of the range of a number, of which there are few.

    One synthesizer learns the rows of all classes, the class being one of its columns, so that a class of few rows
    borrows from the others; it then draws rows of exactly the classes asked for.

    Args:
        sampling_strategy: as imbalanced-learn has it. `"auto"` and `"not majority"` bring all classes to the size of
            the largest, `"minority"` the smallest one alone; `"not minority"` and `"all"` leave the smallest, or none,
            aside. A number is the share of the larger of two classes that the smaller one is brought to; a dict says
            how many rows classes shall have; a function of y returns such a dict. For a target of numbers, `"auto"`
            brings bins of the target with fewer rows than the mean bin up to it; the other words take bins for classes,
            a number brings bins to that share of the fullest, and a dict has ranges, `{(50, None): 300}`.
        random_state: an int, a numpy generator or None.
        synthesizer: a `WGANGPSynthesizer`, or for series a `WGANGPSequenceSynthesizer`, which is cloned; None takes
            one at defaults. Where y has classes and its `balance` is None, that is 0.5. Its `random_state` is set where
            the one here is not None, and its target is y.
        categorical_features: columns to take as categories: names, positions, or a boolean mask; None takes those of
            the synthesizer.
        task: `"classification"` or `"regression"`; None takes numbers that are not whole for a regression's target.
        bins: of equal width, between the least and the greatest number of a regression's target.
        layout: of arrays of series: `"nct"` or `"ntc"`, as `WGANGPSequenceSynthesizer` has it.

    Attributes:
        sampling_strategy_: how many rows were added, by class or range.
        synthesizer_: the fitted synthesizer; None where no row was asked for.
        n_features_in_: columns of `X`; not for series.
        feature_names_in_: their names, where all are strings.

    References:
        Lemaître, Nogueira and Aridas 2017, Imbalanced-learn, JMLR 18; Branco, Torgo and Ribeiro 2017, SMOGN, PMLR 74.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> X, y = pd.DataFrame({"a": rng.normal(size=60)}), np.repeat(["many", "few"], [50, 10])
        >>> sampler = WGANGPOverSampler(synthesizer=WGANGPSynthesizer(epochs=5), random_state=0)
        >>> more_X, more_y = sampler.fit_resample(X, y)
        >>> more_X.iloc[:60].equals(X), dict(zip(*np.unique(more_y, return_counts=True), strict=True))
        (True, {np.str_('few'): np.int64(50), np.str_('many'): np.int64(50)})
    """

    _parameter_constraints: dict = {  # noqa: RUF012
        **BaseOverSampler._parameter_constraints,
        "random_state": "no_validation",
        "synthesizer": "no_validation",
        "categorical_features": "no_validation",
        "task": "no_validation",
        "bins": "no_validation",
        "layout": "no_validation",
    }

    sampling_strategy_: dict[Any, int]
    synthesizer_: Any

    @explains_names
    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        synthesizer: Any = None,
        categorical_features: Any = None,
        task: str | None = None,
        bins: int = 10,
        layout: str | None = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.synthesizer = synthesizer
        self.categorical_features = categorical_features
        self.task = task
        self.bins = bins
        self.layout = layout

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Check rows and target, and find how many rows `fit_resample` would add; nothing is learned."""
        self._ask(X, y)
        return self

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Learn the rows, and return them with synthetic ones after them.

        Args:
            X: rows, shape (rows, columns): a pandas, polars or pyarrow frame, an array or a list; or series, an array
                of three axes, the first of which counts them.
            y: the class, or the number, of each, shape (rows,); or classes as columns of 0 and 1.

        Returns:
            X and y in the containers they came in: the rows given, unchanged and in their order, then the synthetic
            ones, class by class. An index of labels is numbered anew.

        Raises:
            InvalidParameterError: for options that are not allowed, and a strategy that asks for fewer rows than there
                are, for unknown classes, or for what the synthesizer finds no row of.
            InvalidDataError: for a single class, a target with missing cells, and rows that cannot be learned.
            DataTypeError: for sparse matrices, and other containers that are no table.
        """
        return self._fit_resample(X, y)

    def _fit_resample(self, X: Any, y: Any, **params: Any) -> Any:
        target, conditions, rows, firsts = self._ask(X, y)
        self.synthesizer_ = None
        wanted = [(condition, int(n)) for condition, n in zip(conditions, rows, strict=True) if n]
        draw = self._draw_series if _is_series(X) else self._draw_rows
        whole, drawn = draw(X, target, wanted)
        return whole, append_values(y, drawn) if firsts is None else append_labels(y, np.repeat(firsts, rows))

    # ---- what is asked

    def _ask(self, X: Any, y: Any) -> tuple[pd.Series, list[Any], np.ndarray, np.ndarray | None]:
        """Check everything; return the column to learn, conditions on it, rows to add, and a row of each class."""
        self._validate_params()
        problems = not_a_number("bins", self.bins, above=1, whole=True, optional=False)
        problems += [] if self.task is None else not_among("task", self.task, ("classification", "regression"))
        if problems:
            raise InvalidParameterError(join_problems(problems))
        target = _read_target(y)
        self._check_rows(X, len(target))
        numbers = self.task == "regression" or (self.task is None and type_of_target(target.to_numpy()) == "continuous")
        return self._ask_for_numbers(target) if numbers else self._ask_for_classes(target)

    def _check_rows(self, X: Any, rows: int) -> None:
        """Refuse rows that are none, or not as many as targets; remember the columns of a table."""
        if scipy.sparse.issparse(X):
            raise DataTypeError("X is a sparse matrix; give dense rows, for instance X.toarray().")
        if _is_series(X):
            if len(X) != rows:
                raise InvalidDataError(f"X has {len(X)} series, y has {rows} values; they must be equal.")
            return
        frame, container = to_frame(X)
        check_frame(frame)
        if len(frame) != rows:
            raise InvalidDataError(f"X has {len(frame)} rows, y has {rows}; they must be equal.")
        named = container.kind != "numpy" and all(isinstance(name, str) for name in frame.columns)
        _check_feature_names(self, frame if named else None, reset=True)
        _check_n_features(self, frame, reset=True)

    def _ask_for_classes(self, target: pd.Series) -> tuple[pd.Series, list[Any], np.ndarray, np.ndarray]:
        values = target.to_numpy()
        strata = classes_of(target)
        if len(strata.conditions) < 2:
            raise InvalidDataError(
                f"y has one class, {strata.conditions[0]!r}, in all {len(target)} rows; resampling takes at least two."
            )
        try:
            check_classification_targets(values)
            asked: Any = check_sampling_strategy(self.sampling_strategy, values, self._sampling_type)
        except (ValueError, TypeError) as error:
            raise InvalidParameterError(f"sampling_strategy={self.sampling_strategy!r}: {error}") from error
        self.sampling_strategy_ = asked
        names = [str(code) for code in range(len(strata.conditions))]
        codes = pd.Series(np.array(names, dtype=object)[strata.codes])
        order = [strata.conditions.index(label) for label in asked]
        firsts = np.unique(strata.codes, return_index=True)[1]
        return codes, [names[code] for code in order], np.array(list(asked.values()), dtype=int), firsts[order]

    def _ask_for_numbers(self, target: pd.Series) -> tuple[pd.Series, list[Any], np.ndarray, None]:
        if not pd.api.types.is_numeric_dtype(target.dtype) or len(target) < LEAST_NUMBERS:
            raise InvalidDataError(
                f"y has {len(target)} rows of {target.dtype}, which cannot be resampled as numbers: a density takes at "
                f"least {LEAST_NUMBERS} rows of numbers. Unknown label type for classes, where they were meant as such."
            )
        conditions, rows = ask_of_bins(self.sampling_strategy, target, self.bins)
        self.sampling_strategy_ = dict(zip(conditions, rows.tolist(), strict=True))
        return target, conditions, rows, None

    # ---- what is drawn

    def _draw_rows(self, X: Any, target: pd.Series, wanted: list[tuple[Any, int]]) -> tuple[Any, pd.Series]:
        """Return rows with those after them that meet conditions on the target, and the target of the latter."""
        frame, container = to_frame(X)
        if not wanted:
            return append_rows(X, frame.iloc[:0], container), target.iloc[:0]
        name = next(name for name in ("y", "target", *map("y{}".format, range(frame.shape[1]))) if name not in frame)
        classes = not pd.api.types.is_numeric_dtype(target.dtype)
        model, seed = self._model(WGANGPSynthesizer, classes)
        own = self.categorical_features
        levels = resolve_columns(frame, model.categorical_features if own is None else own, "categorical_features")
        levels += [name] if classes else []
        self.synthesizer_ = model.set_params(categorical_features=levels, target=None).fit(frame, target.rename(name))
        drawn = [model.sample(n, conditions={name: c}, random_state=seed + i) for i, (c, n) in enumerate(wanted)]
        further = pd.concat(drawn, ignore_index=True)
        return append_rows(X, further.drop(columns=name), container), further[name]

    def _draw_series(self, X: Any, target: pd.Series, wanted: list[tuple[Any, int]]) -> tuple[Any, pd.Series]:
        """Return series with those after them that meet conditions on the target, and the target of the latter."""
        if not wanted:
            return X.copy(), target.iloc[:0]
        model, seed = self._model(WGANGPSequenceSynthesizer, not pd.api.types.is_numeric_dtype(target.dtype))
        if self.layout is not None:
            model.set_params(layout=self.layout)
        self.synthesizer_ = model.fit(X, target.to_numpy())
        drawn = [model.sample(n, conditions={"y": c}, random_state=seed + i) for i, (c, n) in enumerate(wanted)]
        whole = np.concatenate([X, *(series.astype(X.dtype) for series, _ in drawn)])
        return whole, pd.Series(np.concatenate([values for _, values in drawn]))

    def _model(self, kind: type, classes: bool) -> tuple[Any, int]:
        """Return an unfitted copy of the synthesizer, or one at defaults, and the seed it has."""
        model = copy_synthesizer(self.synthesizer, classes, kind)
        if isinstance(model, GANSynthesizer) and not isinstance(model, kind):
            raise InvalidParameterError(
                f"synthesizer is a {type(model).__name__}; "
                f"{'series' if kind is WGANGPSequenceSynthesizer else 'rows of a table'} take a {kind.__name__}."
            )
        own = model.get_params(deep=False)["random_state"]
        seed = find_seed(own if self.random_state is None else self.random_state)
        return model.set_params(random_state=seed), seed

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.three_d_array = True
        return tags


def _is_series(X: Any) -> bool:
    return isinstance(X, np.ndarray) and X.ndim == 3


def _read_target(y: Any) -> pd.Series:
    """Return the target of each row; classes as columns of 0 and 1 by their position."""
    try:
        if isinstance(y, (list, tuple, np.ndarray)) and np.ndim(y) == 2 and np.shape(y)[1] > 1:
            y = check_target_type(np.asarray(y))
    except ValueError as error:
        raise InvalidDataError(f"y has shape {np.shape(y)}: {error}") from error
    target = to_series(y)[0].reset_index(drop=True)
    missing = missing_cells(target)
    if missing.any():
        raise InvalidDataError(
            f"y is missing in {missing.sum()} of {len(target)} rows, the first of them row {missing.argmax()}; leave "
            "these rows out: their class is not known."
        )
    return target
