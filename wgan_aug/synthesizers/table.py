"""`WGANGPSynthesizer`: learn a table, sample rows like it."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self, Unpack, cast

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.utils import Tags
from sklearn.utils.validation import _check_feature_names, _check_n_features, check_is_fitted  # pyright: ignore[reportPrivateUsage]

from wgan_aug.encoding.streaming.mapped import MappedCodes
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, explains_names
from wgan_aug.losses.objectives import Loss
from wgan_aug.networks.architectures import find_architecture
from wgan_aug.networks.protocol import Architecture
from wgan_aug.networks.tables import TableCritic, TableGenerator
from wgan_aug.schema.columns import TableSchema
from wgan_aug.schema.inference import Overrides, resolve_columns
from wgan_aug.synthesizers.balance import Balance
from wgan_aug.synthesizers.base import GANSynthesizer, training_settings
from wgan_aug.synthesizers.card import About, about_table
from wgan_aug.synthesizers.checks import append_target, check_frame, find_seed, not_a_switch
from wgan_aug.synthesizers.cluster import Scheduler
from wgan_aug.synthesizers.conditioning.completing import Completer, check_told
from wgan_aug.synthesizers.conditioning.drawing import Drawing, check_columns, parts_of
from wgan_aug.synthesizers.conditioning.imputing import check_draws, fill_missing, read_told
from wgan_aug.synthesizers.conditioning.kinds import check_length, complete_frame, draw_kinds, find_kinds, read_seen
from wgan_aug.synthesizers.containers import Container, to_frame, to_series
from wgan_aug.synthesizers.document import from_document, to_document
from wgan_aug.synthesizers.features import criticise, encode_known, known_columns, take_columns, to_features
from wgan_aug.synthesizers.filters.constraints import learn_constraints, not_constraints
from wgan_aug.synthesizers.filters.filters import Filtering, Filters, number_rows
from wgan_aug.synthesizers.learning import Learning, learn_encoder, read_target
from wgan_aug.synthesizers.parts import check_networks, drawing_precision
from wgan_aug.synthesizers.parts_reading import PartRows, opened
from wgan_aug.synthesizers.plan import Plan
from wgan_aug.synthesizers.presets import PRESETS, Preset
from wgan_aug.synthesizers.refinement.refiner import FEWEST_REAL, Refiner
from wgan_aug.synthesizers.running import Running
from wgan_aug.synthesizers.seeds import randomness, seed_of
from wgan_aug.synthesizers.streams.run import Streaming, check_streaming, seed_of_run
from wgan_aug.synthesizers.streams.tables import TableFigures, TableSource
from wgan_aug.training.callbacks import Callback
from wgan_aug.training.devices import find_device, new_generator
from wgan_aug.training.figures import sliced_wasserstein

__all__ = ["WGANGPSynthesizer"]


class WGANGPSynthesizer(GANSynthesizer):
    """Learn a table with a Wasserstein GAN with gradient penalty, and sample rows like it.

    Args:
        loss: the objective: `"wgan-gp"`, `"wgan"` (weight clipping), `"wgan-div"`, `"gan"`, `"lsgan"`, `"hinge"` or
            `"r3gan"`; one of `wgan_aug.losses` with options of its own, such as `WeightClipping(clip_value=0.05)`; or
            an object of your own with the two functions of `Objective`.
        architecture: the networks: `"mlp"`; `"conv1d"`, convolutions over the features in their encoded order, to
            compare: it takes several times as long, and learned less on every table tried; or an object of your own
            with the two functions of `Architecture`.
        critic_norm: normalisation of the critic: `"layer"`, `"none"`, or of its weights `"spectral"` or `"weight"`.
        preset: `"fast"`, `"balanced"` or `"best"` for less or more training; `"paper"` for the settings of the
            objective's paper and `"toy"` for those of WGAN-GP's toy distributions. Options given below win over it.
        epochs: passes of the critic over the rows; None lets preset and rows decide.
        batch_size: rows of each step.
        n_critic: critic steps for each generator step.
        gp_weight: weight of the gradient penalty, for an objective that has one.
        learning_rate: of the generator's optimiser, and of the critic's, unless the objective wants another ratio.
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
        max_time: end training after so many seconds, or `"10min"`, `"2h"`; its rates then fall with the time, so that a
            short training is a whole one. None for as long as it takes.
        early_stopping: hold out a part of the rows, judge the model on them every now and then, keep the best, and end
            when `patience` evaluations in a row were no better; see `evaluations_`.
        patience: of early stopping.
        evaluate_every: updates between evaluations; None takes a tenth of the training.
        validation_fraction: the part that is held out, above 0 and at most 0.5.
        warm_start: let a second `fit` go on with the model as it is, see `partial_fit`.
        schema: kinds by column name (`{"zip": "categorical"}`), a whole `TableSchema`, SDV metadata, or the path of a
            JSON file with either.
        target: the column that users of the data predict; refining goes carefully with its rare classes.
            `fit(X, y)` learns `y` as one further column.
        device: `"auto"` (CUDA, then MPS, then CPU), or a torch device.
        precision: what matrices are multiplied in, in training and for rows without conditions: `"float32"`, or
            `"bfloat16"`, which is faster on processors that compute with it (TF32 on CUDA; others stay with float32).
            What comes out then depends on the processor. A model takes another by `set_params` before it samples.
        random_state: an int, a numpy generator or None. With an int, the same data give the same model, and
            `sample` the same rows each time it is called without a seed of its own.
        verbose: 0 is silent; 1 writes a line on stderr ten times during `fit`, 2 after every block of updates.

    Attributes:
        schema_: what each column is, a `TableSchema`.
        history_: one row an update: losses, Wasserstein estimate, penalty, gradient norm.
        evaluations_: one row an evaluation of early stopping, see `HeldOutJudge`, with which one was kept.
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

    presets = PRESETS
    fewest_to_refine = f"{FEWEST_REAL} rows"
    row_shape = (3,)
    over_preset = ("batch_size", "n_critic", "gp_weight", "learning_rate", "relations", "balance", "refine")

    schema_: TableSchema
    plan_: Plan
    n_features_in_: int
    feature_names_in_: np.ndarray
    y_name_: Any
    target_name_: Any
    container_: Container
    encoder_: TableEncoder
    generator_: TableGenerator
    critic_: TableCritic
    balance_: Balance | None
    refiner_: Refiner | None
    acceptance_: float
    filters_: Filters
    filtering_: Filtering

    @explains_names
    def __init__(
        self,
        *,
        loss: Loss = "wgan-gp",
        architecture: str | Architecture = "mlp",
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
        max_time: float | str | None = None,
        early_stopping: bool = False,
        patience: int = 3,
        evaluate_every: int | None = None,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        schema: Overrides | None = None,
        target: Any = None,
        device: str | torch.device = "auto",
        precision: str = "float32",
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
        self.max_time = max_time
        self.early_stopping = early_stopping
        self.patience = patience
        self.evaluate_every = evaluate_every
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.schema = schema
        self.target = target
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    # ---- fit: check, encode, train, remember

    def fit(
        self,
        X: Any,
        y: Any = None,
        discrete_columns: Iterable[Any] | None = None,
        *,
        callbacks: Sequence[Callback] = (),
        checkpoint: str | Path | None = None,
        every: float = 5.0,
        resume: bool = False,
        scheduler: Scheduler | None = None,
    ) -> Self:
        """Learn a table.

        Args:
            X: rows, shape (rows, columns): a pandas, polars or pyarrow frame, or an array. At least two rows. Or a
                table that memory need not hold: a folder of Parquet or text parts, a file, a list of files, or a
                pyarrow dataset; encoders learn from 200 000 random rows, and others with rare values and extremes.
            y: one further column, learned jointly and sampled last; named by its Series, else by `target`.
            discrete_columns: another name for `categorical_features`.
            callbacks: hear of training, see `Callback`.
            checkpoint: a folder that keeps the training, so that it can be gone on with where it was cut off; None
                keeps nothing.
            every: seconds from one checkpoint to the next.
            resume: go on with the training in `checkpoint`, if there is one, with the same rows and options; what comes
                out is the same as without the break. A training that had ended gives its model at once.
            scheduler: the address of a Dask scheduler (`"tcp://host:8786"`), or a `distributed.Client`, whose workers
                read the parts of a table in parts for what encoders learn from; they must reach the same files. The
                model is the same.

        Returns:
            the fitted synthesizer.

        Raises:
            InvalidParameterError: for an option that is not allowed.
            InvalidDataError: for a table that cannot be learned.
            DataTypeError: for a container or cells of an unsupported type.
            TrainingError: if the losses stay non-finite.
            OutputExistsError: if the folder of checkpoints is in use, or has something else in it.
            ModelFormatError: if it keeps another training, or is damaged.
        """
        if self.warm_start and hasattr(self, "generator_"):
            return self.partial_fit(X, y, callbacks=callbacks, checkpoint=checkpoint, every=every, resume=resume)
        with self._running(callbacks, checkpoint, every, resume) as run, opened(X, scheduler) as rows:
            return self._fit(rows, y, discrete_columns, run)

    def _fit(self, X: Any, y: Any, discrete_columns: Any, run: Running) -> Self:
        frame, plan = self._prepare(X, y, discrete_columns)
        self.seed_ = run.seed(self.random_state)
        if isinstance(X, PartRows):
            again = partial(self._prepare, X, y, discrete_columns)
            plan, codes = X.encode(plan, lambda: again()[1], self.filters_.constraints)
            X.release()
        else:
            codes = plan.encoder.transform(frame)
        if self.reject_copies:
            self.filters_ = self.filters_.without_copies(frame, codes.sample, self.seed_)
        del frame
        return self._learn(plan, codes, self.seed_, run)

    def _learn(self, plan: Plan, codes: EncodedTable | MappedCodes, seed: int, run: Running, onto: Any = None) -> Self:
        """Train networks, new ones or those of a fitted model, and learn to refine what they draw."""
        self.plan_ = plan
        device = find_device(self.device)
        learning = Learning.of(plan, codes, self.target_name_, self.get_params(deep=False), seed, device, run, onto)
        del codes
        self._remember_history(learning.train(self, run), after=onto)
        self._remember(learning)
        self.refiner_ = learning.refine(self.filters_, asked=bool(self.refine))
        self._tell_of_refining()
        return self

    def partial_fit(
        self,
        X: Any,
        y: Any = None,
        *,
        callbacks: Sequence[Callback] = (),
        checkpoint: str | Path | None = None,
        every: float = 5.0,
        resume: bool = False,
    ) -> Self:
        """Go on with the training of a fitted model, a loaded one too, on further rows; the first call is `fit`.

        Columns, their encodings and their rules stay as they were learned first: a category that was not seen then
        counts as a rare one, and a number beyond the range as its end. The networks go on from where they are, as long
        as `fit` would train on so many rows, and what refining does is learned anew, from the further rows alone.

        Arguments, return value and errors are those of `fit`, and:

        Raises:
            InvalidParameterError: with `reject_copies=True`, which needs all rows.
        """
        if not hasattr(self, "generator_"):
            return self.fit(X, y, callbacks=callbacks, checkpoint=checkpoint, every=every, resume=resume)
        with self._running(callbacks, checkpoint, every, resume) as run:
            return self._go_on(X, y, run)

    def _go_on(self, X: Any, y: Any, run: Running) -> Self:
        preset = self._check_options()
        if self.reject_copies:
            raise InvalidParameterError("reject_copies is True, which needs all rows at once: use fit on all of them.")
        frame = self._known_rows(X, y)
        check_frame(frame)
        if len(frame.columns) < len(self.schema_.names):
            raise InvalidDataError(f"The model was fitted with y ({self.y_name_!r}); give it beside X.")
        settings = training_settings(preset, len(frame), self.encoder_.layout.n_features, self.get_params(deep=False))
        plan = Plan(len(frame), self.encoder_, preset, settings)
        seed = seed_of(self.seed_, 0, self.updates_)  # other noise, and other orders of rows, than so far
        return self._learn(plan, encode_known(frame, self.encoder_), seed, run, onto=self)

    def plan(self, X: Any, y: Any = None, discrete_columns: Iterable[Any] | None = None) -> Plan:
        """Return what `fit` would do with a table, without training: kinds, encodings, widths, updates, memory.

        Arguments and errors are those of `fit`.
        """
        with opened(X) as rows:
            return cast(Self, clone(self))._prepare(rows, y, discrete_columns)[1]

    def _prepare(self, X: Any, y: Any, discrete_columns: Iterable[Any] | None) -> tuple[pd.DataFrame, Plan]:
        preset, options = self._check_options(), self.get_params(deep=False)
        device = find_device(self.device)
        find_seed(self.random_state)
        frame = self._read(X, y)
        categorical = {"categorical_features": self.categorical_features, "discrete_columns": discrete_columns}
        rows, correct, place = (X, [X.correct], [X.place]) if isinstance(X, PartRows) else (frame, [], [])
        encoder = learn_encoder(frame, preset, self.schema, self.numeric_encoding, categorical, *correct)
        check_networks(encoder, preset, options, device)
        self.filters_ = Filters(encoder, learn_constraints(self.constraints, frame, encoder, *place))
        settings = training_settings(preset, len(rows), encoder.layout.n_features, options)
        return frame, Plan(len(rows), encoder, preset, settings, isinstance(X, PartRows))

    def _check_options(self) -> Preset:
        preset = super()._check_options()
        if self.learning_rate is not None or not preset.scaled:  # that of a paper is as it stands there
            return preset
        rate = preset.learning_rate * find_architecture(self.architecture).table_rate
        return dataclasses.replace(preset, learning_rate=rate)

    def _wrong_options(self) -> list[str]:
        switches = not_a_switch("refine", self.refine) + not_a_switch("reject_copies", self.reject_copies)
        switches += not_a_switch("warm_start", self.warm_start)
        return switches + not_constraints(self.constraints)

    def _read(self, X: Any, y: Any) -> pd.DataFrame:
        """Return the frame to learn, with y as its last column; remember names and the container."""
        in_parts = isinstance(X, PartRows)
        frame, self.container_ = (X.read(y, self.reject_copies), Container()) if in_parts else to_frame(X)
        check_frame(frame)
        named = self.container_.kind != "numpy" and all(isinstance(name, str) for name in frame.columns)
        _check_feature_names(self, frame if named else None, reset=True)
        self.n_features_in_ = frame.shape[1]
        frame, self.container_, self.y_name_ = read_target(frame, self.container_, y, self.target)
        none = self.y_name_ is not None or self.target is None
        self.target_name_ = self.y_name_ if none else resolve_columns(frame, [self.target], "target")[0]
        return frame

    def _remember(self, learning: Learning) -> None:
        self.encoder_ = learning.plan.encoder
        self.schema_ = self.encoder_.schema
        self.balance_ = learning.balance
        self.generator_ = cast(TableGenerator, learning.state.average)
        self.critic_ = cast(TableCritic, learning.state.critic.eval().requires_grad_(False))

    # ---- after fit

    def sample(
        self,
        n_samples: int = 1,
        *,
        conditions: Any = None,
        random_state: Any = None,
        refine: bool | None = None,
        output: str | Path | None = None,
        **streaming: Unpack[Streaming],
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
            output: a folder to write the rows into, part by part, for more rows than memory holds.
            **streaming: what goes with `output`, see `Streaming`: `format`, `resume`, `force`, `scheduler`, `on_part`.

        Returns:
            a container like the one fitted, shape (n_samples, columns), with its columns, order and dtypes. `y`,
            if it was given to `fit`, is the last column. With `output`, the folder's path.

        Raises:
            NotFittedError: before `fit`.
            InvalidParameterError: for a count that is negative or no integer; for `refine=True` where the model has
                not learned to; for conditions that cannot be met; for a run that is to go on and was asked for
                something else.
            InvalidDataError: for conditions that cannot be compared with a column's values.
            OutputExistsError: if `output` is in use, or has something else in it.
        """
        check_is_fitted(self)
        check_streaming(output, streaming)
        if output is not None:
            drawing = self._drawing(n_samples, conditions, seed_of_run(output, random_state, streaming), refine)
            source = TableSource(drawing, int(n_samples))
            done = self._draw_into(output, source, drawing.seed, drawing.conditions, drawing.refines, streaming)
            figures = sum(done.figures, TableFigures())
            self.filtering_, self.acceptance_ = figures.filtering, figures.acceptance
            return done.folder
        if isinstance(conditions, pd.DataFrame):
            frame = self._sample_like(conditions, n_samples, random_state, refine)
            return self.container_.restore(frame)
        parts = list(self.sample_parts(n_samples, conditions=conditions, random_state=random_state, refine=refine))
        frame = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
        return self.container_.restore(frame)

    def _sample_like(self, given: pd.DataFrame, n_samples: int, random_state: Any, refine: bool | None) -> pd.DataFrame:
        """Draw a row for each partial row; where many are alike, these as rows under conditions."""
        check_length(given, n_samples)
        check_columns(dict.fromkeys(given.columns), self.schema_)
        seed = self._sampling_seed(random_state)
        kinds = find_kinds(given)
        if kinds is None:
            known = read_seen(self.encoder_, given)
            return complete_frame(given, known, self._completer(refine), self.filters_, seed)
        free = self.sample_parts(0 if kinds else len(given), random_state=seed, refine=refine)
        first = pd.concat(list(free), ignore_index=True)
        counts = [self.filtering_]

        def draw(rows: int, wanted: Mapping[Any, Any], own: int) -> pd.DataFrame:
            some = list(self.sample_parts(rows, conditions=wanted, random_state=own, refine=refine))
            counts.append(self.filtering_)
            return pd.concat(some, ignore_index=True)

        rows = draw_kinds(first, draw, given, kinds, seed)
        self.filtering_ = sum(counts, Filtering())
        return number_rows(rows, self.encoder_, 0, randomness(self.generator_, seed, 0)[1])

    def _completer(self, refine: bool | None) -> Completer:
        """Return what draws the cells of rows that are known in part."""
        check_told(self.generator_, self.preset)
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
        check_draws(n_draws, average, refine)
        frame = self._known_rows(X)
        container = to_frame(X)[1]
        completer = self._completer(refine)
        known = read_told(self.encoder_, frame)
        seed = self._sampling_seed(random_state)
        made = fill_missing(frame, known, completer, self.filters_, seed, n_draws=n_draws or 1, average=average)
        filled = list(map(container.restore, made))
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
        drawing = self._drawing(n_samples, conditions, random_state, refine)
        self.filtering_ = Filtering()

        def draw(part: int, start: int, size: int) -> pd.DataFrame:
            frame, counts = drawing.draw(part, start, size)
            self.filtering_ += counts
            if drawing.meeting is not None:
                self.acceptance_ = drawing.meeting.acceptance
            if self.verbose and start + size == n_samples:
                sys.stderr.write(drawing.describe(self.filtering_))
            return frame

        return (draw(*part) for part in parts_of(int(n_samples)))

    def _drawing(self, n_samples: int, conditions: Any, random_state: Any, refine: bool | None) -> Drawing:
        """Return what draws the parts of a sample, once what was asked for is allowed."""
        check_is_fitted(self)
        self._check_draw("n_samples", n_samples, refine)
        refiner = None if refine is False else self.refiner_
        seed = self._sampling_seed(random_state)
        wanted = check_columns(conditions, self.schema_)
        model = (self.generator_, self.encoder_, self.balance_, refiner)
        precision = drawing_precision(self.generator_, self.precision)
        return Drawing(*model, self.filters_, seed, wanted, precision)

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
        return criticise(self.critic_, features)

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
            generated = self._features(take_columns(rows, frame.columns))
        return -sliced_wasserstein(real, generated, new_generator(0, real.device))

    def _known_rows(self, X: Any, y: Any = None) -> pd.DataFrame:
        """Return the fitted columns of any container, in the fitted order, with y where it is known."""
        check_is_fitted(self)
        frame, container = to_frame(X, [name for name in self.schema_.names if name != self.y_name_])
        if container.kind == "numpy":
            _check_n_features(self, frame, reset=False)
        else:
            frame = known_columns(frame, self.schema_.names, self.y_name_)
        if y is None or self.y_name_ is None or self.y_name_ in frame.columns:
            return frame
        return append_target(frame, to_series(y)[0], self.y_name_)

    def _features(self, frame: pd.DataFrame) -> torch.Tensor:
        """Return rows as the critic sees them, on its device; y may be absent."""
        return to_features(frame, self.encoder_, self.y_name_, next(self.critic_.parameters()).device)

    def _about(self) -> About:
        return about_table(self)

    def _document(self) -> dict[str, Any]:
        return to_document(self)

    @classmethod
    def _from_document(
        cls, document: Mapping[str, Any], place: torch.device, device: str | torch.device, architecture: Any
    ) -> Self:
        return from_document(cls, document, place, device, architecture)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags
