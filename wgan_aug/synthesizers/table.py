"""`WGANGPSynthesizer`: learn a table, sample rows like it."""

from __future__ import annotations

import copy
import dataclasses
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self, cast

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.utils import Tags
from sklearn.utils.validation import _check_feature_names, _check_n_features, check_is_fitted  # pyright: ignore[reportPrivateUsage]

from wgan_aug.encoding.table import EncodedTable, TableEncoder, check_numeric_encoding
from wgan_aug.errors import (
    DataWarning,
    InvalidDataError,
    InvalidParameterError,
    TrainingError,
    did_you_mean,
    join_problems,
)
from wgan_aug.losses.objectives import find_objective
from wgan_aug.networks.mlp import MLPCritic, MLPGenerator
from wgan_aug.schema.columns import TableSchema
from wgan_aug.schema.inference import Overrides, infer_schema, resolve_columns
from wgan_aug.synthesizers.balance import Balance
from wgan_aug.synthesizers.base import (
    GANSynthesizer,
    as_before_on_failure,
    explain,
    history_frame,
    training_settings,
)
from wgan_aug.synthesizers.checks import (
    append_target,
    check_frame,
    find_seed,
    not_a_number,
    not_a_switch,
    warn_of,
)
from wgan_aug.synthesizers.conditioning.completing import Completer
from wgan_aug.synthesizers.conditioning.known import Known
from wgan_aug.synthesizers.conditioning.meeting import Meeting
from wgan_aug.synthesizers.conditioning.partial import (
    combine,
    complete_rows,
    fill,
    read_cells,
    unseen,
    warn_of_broken,
)
from wgan_aug.synthesizers.conditions import check_conditions, which_hold
from wgan_aug.synthesizers.containers import Container, to_frame, to_series
from wgan_aug.synthesizers.document import from_document, to_document
from wgan_aug.synthesizers.filters.constraints import learn_constraints, not_constraints
from wgan_aug.synthesizers.filters.copies import Copies
from wgan_aug.synthesizers.filters.filters import Filtering, Filters, number_rows
from wgan_aug.synthesizers.options import explains_names
from wgan_aug.synthesizers.parts import (
    BATCH_ROWS,
    build_networks,
    draw_part,
    learn_balance,
    learn_refiner,
    reveal,
    to_device,
)
from wgan_aug.synthesizers.plan import Plan
from wgan_aug.synthesizers.presets import PRESETS, Preset
from wgan_aug.synthesizers.refinement.refiner import FEWEST_REAL, Refinement, Refiner
from wgan_aug.synthesizers.sequences.possible import why_impossible
from wgan_aug.training.data import DeviceTable
from wgan_aug.training.devices import find_device, new_generator
from wgan_aug.training.figures import sliced_wasserstein
from wgan_aug.training.loop import History, NonFiniteError, Progress, train
from wgan_aug.training.state import TrainingState

__all__ = ["WGANGPSynthesizer"]

PART_ROWS = 65_536  # rows drawn with one seed and decoded at once
_REFINING_ROWS = 200_000  # training rows that refining looks at, at most
_ALIKE = 50  # partial rows of each kind, on the mean, from which on they are drawn kind by kind
_MOST_PROBLEMS = 5  # told at once


class WGANGPSynthesizer(GANSynthesizer):
    """Learn a table with a Wasserstein GAN with gradient penalty, and sample rows like it.

    Args:
        loss: the objective; `"wgan-gp"`.
        architecture: the networks; `"mlp"`.
        critic_norm: normalisation of the critic: `"layer"`, `"none"` or `"spectral"`.
        preset: `"fast"`, `"balanced"` or `"best"` for less or more training; `"paper"` for the settings of the
            WGAN-GP paper and `"toy"` for those of its toy distributions. Options given below win over it.
        epochs: passes of the critic over the rows; None lets preset and rows decide.
        batch_size: rows of each step.
        n_critic: critic steps for each generator step.
        gp_weight: weight of the gradient penalty.
        learning_rate: of both Adam optimisers.
        categorical_features: columns to take as categories: names, positions, or a boolean mask.
        numeric_encoding: `"auto"`, `"quantile"` or `"affine"`, for all numeric columns or a dict by column.
        relations: find rules that hold in every training row and not by chance (a column that follows from another,
            one-hot groups, sums and differences, columns that are missing together), and keep them in every row that
            is sampled; but no sum leaves the range seen. None lets the preset decide: all but `"toy"` do.
        balance: show rare states more often in training, by the power of their frequency that is taken away: 0 as
            they come, 1 all alike; sampling has the true frequencies. The target's classes count, or without a target
            all categories. None lets the preset decide: none of them balances, since it gained nothing on the mean of
            six tables.
        refine: sample by density ratio: draw about six candidates a row, and keep those that boosted trees, trained
            to tell real from generated rows, find likely, raked to the real marginals. It takes seconds at the end of
            `fit`, and about a second for 10 000 rows. None lets the preset decide: all but `"paper"` and `"toy"` do.
        constraints: comparisons that hold in the training rows and shall hold in every row that is sampled, such as
            `["a <= b", "total == price * (1 + tax)", "end - start <= '3h'"]`: columns, numbers, text in quotes and
            `+ - * /`; a name with blanks stands in backticks. One holds where a cell that it needs is missing. A column
            that equals others is worked out of them; rows that break another one are drawn anew.
        reject_copies: draw rows anew that equal a training row, or are nearer to one than 99 % of the training rows are
            to each other, see `Copies`; what two training rows share may come. The model, and its folder, then hold
            the codes of the training rows, from which they can be read.
        schema: kinds by column name (`{"zip": "categorical"}`), a whole `TableSchema`, SDV metadata, or the path of a
            JSON file with either.
        target: the column that users of the data predict; refining goes carefully with its rare classes.
            `fit(X, y)` learns `y` as one further column.
        device: `"auto"` (CUDA, then MPS, then CPU), or a torch device.
        random_state: an int, a numpy generator or None. With an int, the same data give the same model, and
            `sample` the same rows each time it is called without a seed of its own.
        verbose: 0 is silent; 1 writes a line on stderr ten times during `fit`, 2 after every block of updates.

    Attributes:
        schema_: what each column is, a `TableSchema`.
        history_: one row an update: losses, Wasserstein estimate, penalty, gradient norm.
        n_features_in_: columns of `X`.
        feature_names_in_: their names, where all are strings.
        updates_: updates done.
        plan_: what was going to be done, a `Plan`.
        refinement_: what refining does to samples, a `Refinement`; None where there is none.
        acceptance_: the share of the generator's own rows that met the conditions of the last `sample` with some; 0
            where none did, and it was told them.
        filtering_: how many rows of the last `sample` broke constraints or were copies, a `Filtering`.

    References:
        Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv 1704.00028.
        Azadi et al. 2018, Discriminator Rejection Sampling, arXiv 1810.06758.

    Examples:
        >>> frame = pd.DataFrame({"age": [31, 44, 52, 29] * 25, "sex": ["f", "m", "f", "f"] * 25})
        >>> model = WGANGPSynthesizer(epochs=5, random_state=0).fit(frame)
        >>> model.sample(3).dtypes.equals(frame.dtypes)
        True
    """

    architectures = ("mlp",)
    presets = PRESETS
    over_preset = ("batch_size", "n_critic", "gp_weight", "learning_rate", "relations", "balance", "refine")

    schema_: TableSchema
    plan_: Plan
    updates_: int
    n_features_in_: int
    feature_names_in_: np.ndarray
    y_name_: Any
    target_name_: Any
    container_: Container
    encoder_: TableEncoder
    generator_: MLPGenerator
    critic_: MLPCritic
    balance_: Balance | None
    refiner_: Refiner | None
    acceptance_: float
    filters_: Filters
    filtering_: Filtering

    @explains_names
    def __init__(
        self,
        *,
        loss: str = "wgan-gp",
        architecture: str = "mlp",
        critic_norm: str = "layer",
        preset: str = "balanced",
        epochs: float | None = None,
        batch_size: int | None = None,
        n_critic: int | None = None,
        gp_weight: float | None = None,
        learning_rate: float | None = None,
        categorical_features: Any = None,
        numeric_encoding: str | Mapping[Any, str] = "auto",
        relations: bool | None = None,
        balance: float | None = None,
        refine: bool | None = None,
        constraints: Sequence[str] | None = None,
        reject_copies: bool = False,
        schema: Overrides | None = None,
        target: Any = None,
        device: str | torch.device = "auto",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.loss = loss
        self.architecture = architecture
        self.critic_norm = critic_norm
        self.preset = preset
        self.epochs = epochs
        self.batch_size = batch_size
        self.n_critic = n_critic
        self.gp_weight = gp_weight
        self.learning_rate = learning_rate
        self.categorical_features = categorical_features
        self.numeric_encoding = numeric_encoding
        self.relations = relations
        self.balance = balance
        self.refine = refine
        self.constraints = constraints
        self.reject_copies = reject_copies
        self.schema = schema
        self.target = target
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    # ---- fit: check, encode, train, remember

    def fit(
        self,
        X: Any,
        y: Any = None,
        discrete_columns: Iterable[Any] | None = None,
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Self:
        """Learn a table.

        Args:
            X: rows, shape (rows, columns): a pandas, polars or pyarrow frame, or an array. At least two rows.
            y: one further column, learned jointly and sampled last; named by its Series, else by `target`.
            discrete_columns: another name for `categorical_features`.
            on_progress: called with a `Progress` before the first update, when `plan_` is there, and after every block.

        Returns:
            the fitted synthesizer.

        Raises:
            InvalidParameterError: for an option that is not allowed.
            InvalidDataError: for a table that cannot be learned.
            DataTypeError: for a container or cells of an unsupported type.
            TrainingError: if the losses stay non-finite.
        """
        with as_before_on_failure(self):
            return self._fit(X, y, discrete_columns, on_progress)

    def _fit(self, X: Any, y: Any, discrete_columns: Any, on_progress: Callable[[Progress], None] | None) -> Self:
        frame, plan = self._prepare(X, y, discrete_columns)
        device = find_device(self.device)
        self.seed_ = find_seed(self.random_state)
        self.plan_ = plan
        codes = plan.encoder.transform(frame)
        if self.reject_copies:
            copies = Copies.learn(frame, codes, plan.encoder, self.seed_)
            self.filters_ = dataclasses.replace(self.filters_, copies=copies)
        self.balance_ = learn_balance(plan.encoder, self.target_name_, plan.preset.balance)
        weights = None if self.balance_ is None else torch.from_numpy(self.balance_.weights(codes.states))
        shares = plan.encoder.layout.frequencies if self.balance_ is None else self.balance_.shares(codes.states)
        state = self._build(plan, device, shares)
        data = to_device(codes, plan.encoder.layout, device)
        data = reveal(data, plan.encoder, plan.preset.reveal, self.seed_)
        kept = _some_rows(codes, self.seed_) if plan.preset.refine else None
        del frame, codes
        listeners = [listen for listen in (on_progress, self._reporter()) if listen is not None]
        objective = find_objective(self.loss)(gp_weight=plan.preset.gp_weight, penalty_share=plan.preset.penalty_share)
        try:
            history = train(state, data, objective, plan.settings, listeners, weights)
        except NonFiniteError as error:
            raise TrainingError(explain(error, plan.encoder.feature_columns())) from error
        self._remember(plan, state, history)
        self.refiner_ = None
        if kept is not None:
            self.refiner_ = learn_refiner(
                self.generator_, plan.encoder, self.balance_, kept, self.target_name_, self.seed_, self.filters_
            )
        if self.refine and self.refiner_ is None:
            warnings.warn(
                f"refine is True, but there are {plan.rows} rows, and refining takes at least {FEWEST_REAL}: samples "
                "are as the generator draws them.",
                DataWarning,
                stacklevel=3,
            )
        if self.verbose and self.refiner_ is not None:
            sys.stderr.write(f"{self.refiner_.report.describe()}\n")
        return self

    @property
    def refinement_(self) -> Refinement | None:
        """What refining does to samples; None where there is no refining."""
        check_is_fitted(self)
        return None if self.refiner_ is None else self.refiner_.report

    def plan(self, X: Any, y: Any = None, discrete_columns: Iterable[Any] | None = None) -> Plan:
        """Return what `fit` would do with a table, without training: kinds, encodings, widths, updates, memory.

        Arguments and errors are those of `fit`.
        """
        return cast(Self, clone(self))._prepare(X, y, discrete_columns)[1]

    def _prepare(self, X: Any, y: Any, discrete_columns: Iterable[Any] | None) -> tuple[pd.DataFrame, Plan]:
        preset = self._check_options()
        find_device(self.device)
        find_seed(self.random_state)
        frame = self._check_data(X, y)
        encoder = self._encode(frame, preset, discrete_columns)
        self.filters_ = Filters(encoder, learn_constraints(self.constraints, frame, encoder))
        settings = training_settings(preset, len(frame), encoder.layout.n_features, self.epochs, self.batch_size)
        return frame, Plan(len(frame), encoder, preset, settings)

    def _wrong_options(self) -> list[str]:
        switches = not_a_switch("refine", self.refine) + not_a_switch("reject_copies", self.reject_copies)
        return switches + not_constraints(self.constraints)

    def _check_data(self, X: Any, y: Any) -> pd.DataFrame:
        """Return the frame to learn, with y as its last column; remember the container."""
        frame, self.container_ = to_frame(X)
        check_frame(frame)
        named = self.container_.kind != "numpy" and all(isinstance(name, str) for name in frame.columns)
        _check_feature_names(self, frame if named else None, reset=True)
        self.n_features_in_ = frame.shape[1]
        self.y_name_ = self.target_name_ = None
        if y is not None:
            frame = self._check_target(frame, y)
            self.target_name_ = self.y_name_
        elif self.target is not None:
            self.target_name_ = resolve_columns(frame, [self.target], "target")[0]
        return frame

    def _check_target(self, frame: pd.DataFrame, y: Any) -> pd.DataFrame:
        """Return the frame with y as its last column; remember its name."""
        series, container = to_series(y)
        self.y_name_ = next((name for name in (series.name, self.target) if name not in (None, "")), "y")
        self.container_ = self.container_.beside(series.rename(self.y_name_), container)
        return append_target(frame, series, self.y_name_)

    def _encode(self, frame: pd.DataFrame, preset: Preset, discrete_columns: Iterable[Any] | None) -> TableEncoder:
        categorical = resolve_columns(frame, self.categorical_features, "categorical_features")
        categorical += resolve_columns(frame, discrete_columns, "discrete_columns")
        check_numeric_encoding(self.numeric_encoding, list(frame.columns))
        schema = infer_schema(frame, self.schema, categorical)
        warn_of(schema)
        encoding = preset.numeric_encoding if self.numeric_encoding == "auto" else self.numeric_encoding
        encoder = TableEncoder(schema, encoding, relations=preset.relations).fit(frame)
        if encoder.layout.n_features == 0:
            raise InvalidDataError(
                "There is nothing to learn: every column is constant, missing or an identifier "
                f"({', '.join(f'{c.name!r}: {c.kind}' for c in schema)})."
            )
        return encoder

    def _build(self, plan: Plan, device: torch.device, shares: np.ndarray) -> TrainingState:
        generator, critic = build_networks(plan.encoder, plan.preset, self.critic_norm, self.seed_)
        generator.start_at(shares)
        rng = new_generator(self.seed_, device)
        return TrainingState(generator.to(device), critic.to(device), plan.settings, rng)

    def _remember(self, plan: Plan, state: TrainingState, history: History) -> None:
        self.schema_ = plan.encoder.schema
        self.encoder_ = plan.encoder
        self.generator_ = cast(MLPGenerator, state.average)
        self.critic_ = cast(MLPCritic, state.critic.eval().requires_grad_(False))
        self.updates_ = state.update
        self.history_ = history_frame(history)

    # ---- after fit

    def sample(
        self, n_samples: int = 1, *, conditions: Any = None, random_state: Any = None, refine: bool | None = None
    ) -> Any:
        """Draw new rows.

        Args:
            n_samples: how many, an integer of at least 0.
            conditions: what shall hold in every row, by column: a value, `(low, high)` with None for an open end, a
                list or set of values or ranges, or None for missing. Or a frame of partial rows, one for each row that
                is drawn, of which missing cells are free; `n_samples` is then its length, or left out.
            random_state: an int or numpy generator for these rows; None takes the constructor's.
            refine: False takes rows as the generator draws them, which is several times faster; None and True refine
                where the model has learned to.

        Returns:
            a container like the one fitted, shape (n_samples, columns), with its columns, order and dtypes. `y`,
            if it was given to `fit`, is the last column.

        Raises:
            NotFittedError: before `fit`.
            InvalidParameterError: for a count that is negative or no integer; for `refine=True` where the model has
                not learned to; for conditions that cannot be met.
            InvalidDataError: for conditions that cannot be compared with a column's values.
        """
        check_is_fitted(self)
        if isinstance(conditions, pd.DataFrame):
            frame = self._sample_like(conditions, n_samples, random_state, refine)
            return self.container_.restore(frame)
        parts = list(self.sample_parts(n_samples, conditions=conditions, random_state=random_state, refine=refine))
        frame = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
        return self.container_.restore(frame)

    def _sample_like(self, partial: pd.DataFrame, n_samples: int, random_state: Any, refine: bool | None) -> Any:
        """Draw a row for each partial row; where many are alike, these as rows under conditions."""
        rows = len(partial)
        if n_samples not in (1, rows):
            raise InvalidParameterError(
                f"conditions is a frame of {rows} rows, and n_samples is {n_samples}; leave n_samples out, or give the "
                "same number."
            )
        columns = list(partial.columns)
        check_conditions(dict.fromkeys(columns), *self._conditioned())
        seed = self._sampling_seed(random_state)
        kinds = partial.groupby(columns, dropna=False, sort=False, observed=True).indices if columns and rows else {}
        if rows == 0 or not columns or len(kinds) * _ALIKE <= rows:
            return self._sample_kinds(partial, kinds, seed, refine)
        known = read_cells(self.encoder_, partial, columns)
        self._refuse_unseen(partial, columns)
        completer = self._completer(refine)
        drawn, wrong = self.filters_.complete(lambda turn, some: self._complete(completer, seed, 0, turn, some), known)
        if wrong.any():
            raise InvalidDataError(
                f"{int(wrong.sum())} rows of conditions break a rule that holds in all fitted rows"
                f"{', or pass no filter' if self.filters_ else ''}, the first: "
                f"{partial.iloc[int(wrong.argmax())].dropna().to_dict()}."
            )
        return number_rows(drawn, self.encoder_, 0, self._randomness(seed, 0)[1])

    def _sample_kinds(self, partial: pd.DataFrame, kinds: Mapping[Any, Any], seed: int, refine: bool | None) -> Any:
        """Draw the rows of each kind of partial rows together."""
        drawn = [next(iter(self.sample_parts(len(partial) if not kinds else 0, random_state=seed, refine=refine)))]
        counts = Filtering()
        for part, index in enumerate(kinds.values()):
            first = partial.iloc[index[0]]
            wanted = {name: first[name] for name in partial.columns if not pd.isna(first[name])}
            own = np.random.SeedSequence([seed, part]).generate_state(1)[0]
            some = list(self.sample_parts(len(index), conditions=wanted, random_state=int(own), refine=refine))
            drawn.append(pd.concat(some, ignore_index=True).set_axis(index))
            counts += self.filtering_
        self.filtering_ = counts if kinds else self.filtering_
        rows = pd.concat(drawn).sort_index().reset_index(drop=True)
        return number_rows(rows, self.encoder_, 0, self._randomness(seed, 0)[1])

    def _refuse_unseen(self, partial: pd.DataFrame, columns: list[Any]) -> None:
        problems: list[str] = []
        for place, name in enumerate(columns):
            for value in partial.iloc[:, place].dropna().unique().tolist():
                problems += why_impossible(self.encoder_, {name: value})
        if problems:
            raise InvalidParameterError(join_problems(problems[:_MOST_PROBLEMS]))

    def _completer(self, refine: bool | None) -> Completer:
        """Return what draws the cells of rows that are known in part."""
        if not self.generator_.told:
            raise InvalidParameterError(
                f"This model was fitted with preset={self.preset!r} and has not learned to complete rows; fit with "
                "'fast', 'balanced' or 'best'."
            )
        refiner = None if refine is False else self.refiner_
        return Completer(self.generator_, self.encoder_.layout, self.balance_, refiner)

    def impute(
        self,
        X: Any,
        *,
        n_draws: int | None = None,
        average: int | None = None,
        random_state: Any = None,
        refine: bool | None = None,
    ) -> Any:
        """Fill missing cells with draws from what the model knows of them, given the other cells of their rows.

        A single draw keeps the spread of the data, and several say how sure a cell is (multiple imputation); the mean
        of several comes nearer to the cell that is missing, and has too little spread. A cell stays missing only where
        its column has no values at all, or is always missing beside others such as these.

        Args:
            X: rows, shape (rows, columns), with the fitted columns; `y` may be absent.
            n_draws: how many filled tables to return, as a list; None for a single one.
            average: fill each cell with the mean of so many draws, or the commonest of them where it is no number.
            random_state: as in `sample`.
            refine: as in `sample`.

        Returns:
            a container like `X`, with its index, dtypes and present cells; a list of them where `n_draws` is given.

        Raises:
            NotFittedError: before `fit`.
            InvalidParameterError: for counts that are no integers above 0; for a model of a preset that does not learn
                to complete rows.
            InvalidDataError: if columns are missing, or cells are not such as were fitted.

        References:
            Yoon et al. 2018, GAIN: Missing Data Imputation using Generative Adversarial Nets, arXiv 1806.02920.
        """
        check_is_fitted(self)
        problems = not_a_number("n_draws", n_draws, above=0, whole=True)
        problems += not_a_number("average", average, above=0, whole=True) + not_a_switch("refine", refine)
        if problems:
            raise InvalidParameterError(join_problems(problems))
        frame = self._known_rows(X)
        container = to_frame(X)[1]
        completer = self._completer(refine)
        names = list(frame.columns)
        known = read_cells(self.encoder_, frame, names)
        unseen(self.encoder_, known)
        seed, places = self._sampling_seed(random_state), [self.schema_.names.index(name) for name in names]
        filled: list[Any] = []
        for turn in range(n_draws or 1):
            turns = range(turn * (average or 1), (turn + 1) * (average or 1))
            made = [
                self.filters_.complete(partial(self._complete, completer, seed, part, whole=True), known, copies=False)
                for part in turns
            ]
            warn_of_broken(np.logical_or.reduce([wrong for _, wrong in made]))
            whole = made[0][0] if average is None else combine(self.encoder_, [drawn for drawn, _ in made])
            whole = whole if average is None else self.filters_.mend(whole, known.masks)
            filled.append(container.restore(fill(frame, whole.iloc[:, places])))
        return filled[0] if n_draws is None else filled

    def sample_parts(
        self, n_samples: int, *, conditions: Any = None, random_state: Any = None, refine: bool | None = None
    ) -> Iterator[pd.DataFrame]:
        """Draw new rows in parts of at most 65 536, for more rows than memory holds.

        Args:
            n_samples: how many in all, an integer of at least 0.
            conditions: by column, as in `sample`.
            random_state: as in `sample`, and the rows are the same as its.
            refine: as in `sample`.

        Yields:
            pandas frames; a single empty one for no rows.

        Raises:
            NotFittedError: before `fit`.
            InvalidParameterError: for a count that is negative or no integer.
        """
        check_is_fitted(self)
        problems = not_a_number("n_samples", n_samples, above=0, whole=True, equal=True, optional=False)
        problems += not_a_switch("refine", refine)
        if refine and self.refiner_ is None:
            problems.append(
                "refine is True, but this model has not learned to refine: fit with refine=True, and at least "
                f"{FEWEST_REAL} rows."
            )
        if problems:
            raise InvalidParameterError(join_problems(problems))
        refiner = None if refine is False else self.refiner_
        seed = self._sampling_seed(random_state)
        starts = range(0, max(1, int(n_samples)), PART_ROWS)
        sizes = [min(PART_ROWS, int(n_samples) - start) for start in starts]
        wanted = check_conditions(conditions, *self._conditioned())
        problems = why_impossible(self.encoder_, wanted)
        if problems:
            raise InvalidParameterError(join_problems(problems))

        model = (self.generator_, self.encoder_, self.balance_, refiner)
        meeting = Meeting(*model, wanted) if wanted else None
        self.filtering_ = Filtering()

        def make(part: int, start: int, turn: int, rows: int) -> pd.DataFrame:
            own = _seed_of(seed, part, turn)
            if meeting is None:
                return draw_part(*model, own, part, start, rows)
            return meeting.draw(rows, *self._randomness(own, part), first_row=start)

        def draw(part: int, start: int, size: int) -> pd.DataFrame:
            if not self.filters_:
                frame = make(part, start, 0, size)
            else:
                frame, counts = self.filters_.draw(
                    partial(make, part, start), size, partial(which_hold, conditions=wanted) if wanted else None
                )
                self.filtering_ += counts
            if meeting is not None:
                self.acceptance_ = meeting.acceptance
            if self.verbose and start + size == n_samples:
                self._tell(meeting is not None)
            once = meeting is None and not self.filters_
            return frame if once else number_rows(frame, self.encoder_, start, self._randomness(seed, part)[1])

        return (draw(part, start, size) for part, (start, size) in enumerate(zip(starts, sizes, strict=True)))

    def _tell(self, conditioned: bool) -> None:
        if conditioned:
            sys.stderr.write(f"the conditions hold in {self.acceptance_:.2%} of the generator's own rows\n")
        if self.filters_:
            sys.stderr.write(f"{self.filtering_.describe()}\n")

    def _complete(
        self, completer: Completer, seed: int, part: int, turn: int, known: Known, whole: bool = False
    ) -> tuple[pd.DataFrame, np.ndarray]:
        return complete_rows(completer, known, *self._randomness(_seed_of(seed, part, turn), part), whole=whole)

    def _randomness(self, seed: int, part: int) -> tuple[torch.Generator, np.random.Generator]:
        noise, chances = np.random.SeedSequence([seed, part]).generate_state(2, np.uint64)
        device = next(self.generator_.parameters()).device
        return new_generator(int(noise >> np.uint64(1)), device), np.random.default_rng(int(chances))

    def _conditioned(self) -> tuple[list[Any], dict[Any, str]]:
        """Return the columns that may have a condition, and why the others may not."""
        other = {c.name: "is an identifier: every row has a new one" for c in self.schema_ if c.kind == "identifier"}
        return [name for name in self.schema_.names if name not in other], other

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the critic's score of each row: higher where it finds rows more like the real ones.

        Scores compare rows under one model; they have no unit and no zero of their own. Columns learned from `y` that
        `X` does not have count with their average code.

        Args:
            X: rows, shape (rows, columns), with the fitted columns.

        Returns:
            float64 array, shape (rows,).

        Raises:
            NotFittedError: before `fit`.
            InvalidDataError: if columns are missing.
        """
        features = self._features(self._known_rows(X))
        place = torch.device("cpu") if features.device.type == "mps" else features.device
        critic = copy.deepcopy(self.critic_).to(place, torch.float64)  # a row's score does not hang on its batch
        with torch.inference_mode():
            scores = [critic(part) for part in features.to(place, torch.float64).split(BATCH_ROWS)]
        return torch.cat(scores).cpu().numpy()

    def score(self, X: Any, y: Any = None) -> float:
        """Return how near a fresh sample is to held-out rows: minus a sliced Wasserstein distance, so 0 is best.

        The distance is taken between encoded rows, with as many generated rows as there are rows. It is a figure for
        model selection (`GridSearchCV`), not for reports.

        Args:
            X: held-out rows, shape (rows, columns), with the fitted columns.
            y: their target, where `fit` had one.

        Raises:
            NotFittedError: before `fit`.
        """
        frame = self._known_rows(X, y)
        if frame.empty:
            raise InvalidDataError(f"There are no rows to score (shape={frame.shape}).")
        real = self._features(frame)
        rows = pd.concat(list(self.sample_parts(len(real), random_state=0)), ignore_index=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # a sum cut off at its bounds is no fault of the user's rows
            generated = self._features(_select(rows, frame.columns))
        return -sliced_wasserstein(real, generated, new_generator(0, real.device))

    def _known_rows(self, X: Any, y: Any = None) -> pd.DataFrame:
        """Return the fitted columns of any container, in the fitted order, with y where it is known."""
        check_is_fitted(self)
        frame, container = to_frame(X, [name for name in self.schema_.names if name != self.y_name_])
        if container.kind == "numpy":
            _check_n_features(self, frame, reset=False)
        else:
            frame = self._known_columns(frame)
        if y is None or self.y_name_ is None or self.y_name_ in frame.columns:
            return frame
        return append_target(frame, to_series(y)[0], self.y_name_)

    def _features(self, frame: pd.DataFrame) -> torch.Tensor:
        """Return rows as the critic sees them, on its device; y may be absent."""
        device = next(self.critic_.parameters()).device
        lacking = self.y_name_ is not None and self.y_name_ not in frame.columns
        if lacking:
            blank = self.encoder_.placeholder(self.y_name_, len(frame))
            frame = pd.concat([frame.reset_index(drop=True), blank], axis=1)
        blanks = (self.y_name_,) if lacking else ()
        data = self._to_device_or_explain(_select(frame, self.schema_.names), device, blanks)
        features = data.middle(torch.arange(len(frame), device=device))
        if lacking:
            average = np.append(self.encoder_.layout.frequencies, np.zeros(self.encoder_.layout.n_scalars))
            owned = self.encoder_.features_of(blanks)
            features[:, owned] = torch.from_numpy(average[owned]).to(features)
        return features

    def _to_device_or_explain(self, frame: pd.DataFrame, device: torch.device, blanks: tuple[Any, ...]) -> DeviceTable:
        """Encode rows; where a column's cells are not what was fitted, say which column."""
        try:
            return to_device(self.encoder_.transform(frame, blanks), self.encoder_.layout, device)
        except (ValueError, TypeError, OverflowError, ArithmeticError) as error:
            for position, encoder in enumerate(self.encoder_.encoders):
                try:
                    self.encoder_.encode_column(frame, position)
                except Exception as cause:
                    raise InvalidDataError(
                        f"Column {encoder.column.name!r} was fitted as {encoder.column.dtype} "
                        f"({encoder.column.kind}), and these cells are not such: {cause}."
                    ) from error
            raise

    def _known_columns(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the fitted columns of a frame, in the fitted order; y may be absent."""
        wanted = [n for n in self.schema_.names if n != self.y_name_ or n in frame.columns]
        lacking = [name for name in wanted if name not in frame.columns]
        if lacking:
            raise InvalidDataError(
                f"The data lack {len(lacking)} of the {len(wanted)} fitted columns: {', '.join(map(repr, lacking))}."
                f"{did_you_mean(lacking[0], frame.columns)}"
            )
        return _select(frame, wanted)

    def _document(self) -> dict[str, Any]:
        return to_document(self)

    @classmethod
    def _from_document(cls, document: Mapping[str, Any], place: torch.device, device: str | torch.device) -> Self:
        return from_document(cls, document, place, device)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def _seed_of(seed: int, part: int, turn: int) -> int:
    """Return the seed with which a part's rows are drawn in a turn."""
    return seed if turn == 0 else int(np.random.SeedSequence([seed, part, turn]).generate_state(1)[0])


def _some_rows(codes: EncodedTable, seed: int) -> EncodedTable:
    """Return a copy of the codes, of a random part where there are very many."""
    rows = np.arange(len(codes))
    if len(rows) > _REFINING_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _REFINING_ROWS, replace=False))
    return codes.take(rows)


def _select(frame: pd.DataFrame, names: Iterable[Any]) -> pd.DataFrame:
    """Return columns by name, where a name may be anything, None too."""
    present = list(frame.columns)
    return frame.iloc[:, [present.index(name) for name in names]]
