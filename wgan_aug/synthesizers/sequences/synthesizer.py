"""`WGANGPSequenceSynthesizer`: learn sequences, sample sequences like them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, Unpack, cast

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from wgan_aug.encoding.sequences.encoder import EncodedSequences
from wgan_aug.encoding.sequences.frames import Sequences
from wgan_aug.errors import InvalidParameterError, explains_names
from wgan_aug.losses.objectives import Loss
from wgan_aug.networks.protocol import SequenceArchitecture
from wgan_aug.networks.sequences import SequenceCritic, SequenceGenerator
from wgan_aug.schema.columns import TableSchema
from wgan_aug.schema.inference import Overrides
from wgan_aug.synthesizers.base import GANSynthesizer, training_settings
from wgan_aug.synthesizers.card import About
from wgan_aug.synthesizers.checks import find_seed, not_a_switch, warn_of
from wgan_aug.synthesizers.conditions import check_conditions
from wgan_aug.synthesizers.containers import to_series
from wgan_aug.synthesizers.presets import SEQUENCE_PRESETS, Preset
from wgan_aug.synthesizers.running import Running
from wgan_aug.synthesizers.seeds import seed_of
from wgan_aug.synthesizers.sequences.blending import blend, count_windows
from wgan_aug.synthesizers.sequences.card import about_sequences
from wgan_aug.synthesizers.sequences.checks import check_steps, wrong_options
from wgan_aug.synthesizers.sequences.containers import SequenceContainer
from wgan_aug.synthesizers.sequences.document import from_document, to_document
from wgan_aug.synthesizers.sequences.drawing import SequenceDrawing, SequenceSource
from wgan_aug.synthesizers.sequences.learning import (
    SequenceLearning,
    encode_known_sequences,
    find_target,
    learn_steps,
)
from wgan_aug.synthesizers.sequences.parts import SequenceCodec, check_networks
from wgan_aug.synthesizers.sequences.plan import SequencePlan
from wgan_aug.synthesizers.sequences.reading import read_sequences
from wgan_aug.synthesizers.sequences.refining import FEWEST_REAL, SequenceRefiner
from wgan_aug.synthesizers.sequences.statics import Statics
from wgan_aug.synthesizers.streams.run import Streaming, check_streaming, seed_of_run
from wgan_aug.synthesizers.table import WGANGPSynthesizer
from wgan_aug.training.callbacks import Callback
from wgan_aug.training.devices import find_device

__all__ = ["WGANGPSequenceSynthesizer"]


class WGANGPSequenceSynthesizer(GANSynthesizer):
    """Learn sequences with a convolutional Wasserstein GAN with gradient penalty, and sample sequences like them.

    What never varies within a sequence (a label, a country, where it begins in time, how many steps it has) is
    static: it is drawn first, by itself or by a `WGANGPSynthesizer`, and the steps are generated under it.

    Args:
        sequence_key: the column that says which sequence a row of a long frame belongs to; None for one long series,
            and for arrays.
        sequence_index: the column of times; it comes back increasing.
        static_columns: the columns that are said once a sequence: names, positions or a mask; None finds them.
        window: cut one long series, or each sequence, into windows of so many steps.
        stride: steps between the beginnings of windows; None takes 1, or more where that is over 20 000 windows.
        layout: of arrays: `"nct"` for (n, channels, time), as aeon and sktime have it, `"ntc"` for
            (n, time, channels), as TimeGAN and tsgm have it.
        loss: the objective: `"wgan-gp"`, `"wgan"` (weight clipping), `"wgan-div"`, `"gan"`, `"lsgan"`, `"hinge"` or
            `"r3gan"`; one of `wgan_aug.losses` with options of its own, such as `WeightClipping(clip_value=0.05)`; or
            an object of your own with the two functions of `Objective`. Statics are learned by `"wgan-gp"`.
        architecture: the networks: `"conv1d"`, convolutions over time; `"mlp"`, dense layers of all steps at once; or
            an object of your own with the two functions of `SequenceArchitecture`. Statics are learned by `"mlp"`. Only
            `"conv1d"` has the next three options.
        attention: let the steps of a middle resolution look at each other.
        progressive: train coarse resolutions before fine ones, over the first half of the updates; for sequences of
            256 steps and more.
        side_critics: further critics of the numbers' paths, of `"spectrum"`, `"differences"` or both. On ETTh1 they
            helped one short training, and an earlier form of them gained nothing in long ones.
        window_scale: learn each sequence's numbers on a scale of their own, with its centre and half its range beside
            them; for sequences whose levels or ranges differ by orders of magnitude, and worse where they do not.
        critic_norm: normalisation of the critic: `"layer"`, `"none"`, or of its weights `"spectral"` or `"weight"`.
        preset: `"fast"`, `"balanced"` or `"best"` for less or more training; `"paper"` for the settings of the
            objective's paper. Options given below win over it.
        epochs: passes of the critic over the sequences; None lets the preset and the data decide.
        batch_size: sequences of each step.
        n_critic: critic steps for each generator step.
        gp_weight: weight of the gradient penalty, for an objective that has one; its norm is taken once a sequence,
            over channels and time.
        learning_rate: of the generator's optimiser, and of the critic's, unless the objective wants another ratio.
        categorical_features: columns to take as categories: names, positions, or a boolean mask.
        numeric_encoding: `"auto"`, `"quantile"` or `"affine"`, for all numeric columns of steps or a dict by column.
        relations: find rules between columns that hold at every step, and keep them. None lets the preset decide.
        balance: show sequences of rare classes of the target more often in training, by the power of their frequency
            that is taken away; sampling has the true frequencies. None lets the preset decide.
        refine: sample by density ratio: draw candidates under the statics of each sequence, and keep one that boosted
            trees, trained to tell real from generated sequences by figures of each, find likely; raked to the real
            levels and spreads. It takes some 20 seconds at the end of `fit`, and sampling takes about six times as
            long. It is not learned from fewer than 100 sequences, or windows without a step in common. None lets the
            preset decide: all but `"paper"` do.
        max_time: end training after so many seconds, or `"10min"`, `"2h"`; its rates then fall with the time.
        early_stopping: hold out a part of the sequences, judge the model on them every now and then, keep the best, and
            end when `patience` evaluations in a row were no better; see `evaluations_`.
        patience: of early stopping.
        evaluate_every: updates between evaluations; None takes a tenth of the training.
        validation_fraction: the part that is held out, above 0 and at most 0.5.
        warm_start: let a second `fit` go on with the model as it is, see `partial_fit`.
        schema: kinds by column name, a whole `TableSchema`, SDV metadata, or the path of a JSON file with either.
        target: the static column that users of the data predict.
        device: `"auto"` (CUDA, then MPS, then CPU), or a torch device.
        precision: what training multiplies matrices in: `"float32"`, or `"bfloat16"`, which is faster on processors
            that compute with it (TF32 on CUDA; others stay with float32). What comes out then depends on the processor.
        random_state: an int, a numpy generator or None.
        verbose: 0 is silent; 1 writes a line on stderr ten times during `fit`, 2 after every block of updates.

    Attributes:
        schema_: what each column of a step is, a `TableSchema`.
        static_schema_: what each static column is.
        history_: one row an update: losses, Wasserstein estimate, penalty, gradient norm.
        evaluations_: one row an evaluation of early stopping, see `HeldOutJudge`, with which one was kept.
        updates_: updates done.
        plan_: what was going to be done, a `SequencePlan`.
        refinement_: what refining does to samples, a `Refinement`; None where there is none.

    References:
        Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv 1704.00028.
        Lin et al. 2020, Using GANs for Sharing Networked Time Series Data, arXiv 1909.13403: statics first, and
        `window_scale`.
        Karras et al. 2017, Progressive Growing of GANs for Improved Quality, Stability, and Variation, arXiv
        1710.10196.
        Zhang et al. 2018, Self-Attention Generative Adversarial Networks, arXiv 1805.08318.

    Examples:
        >>> x = np.random.default_rng(0).normal(size=(40, 12, 2)).cumsum(axis=1)
        >>> model = WGANGPSequenceSynthesizer(layout="ntc", epochs=2, random_state=0).fit(x)
        >>> model.sample(3).shape
        (3, 12, 2)
    """

    presets = SEQUENCE_PRESETS
    fewest_to_refine = f"{FEWEST_REAL} sequences, or windows without a step in common"
    row_shape = (2, 5)
    over_preset = ("batch_size", "n_critic", "gp_weight", "learning_rate", "relations", "balance", "refine")

    plan_: SequencePlan
    container_: SequenceContainer
    statics_: Statics
    codec_: SequenceCodec
    refiner_: SequenceRefiner | None
    generator_: SequenceGenerator
    critic_: SequenceCritic
    target_name_: Any

    @explains_names
    def __init__(
        self,
        *,
        sequence_key: Any = None,
        sequence_index: Any = None,
        static_columns: Any = None,
        window: int | None = None,
        stride: int | None = None,
        layout: str | None = None,
        loss: Loss = "wgan-gp",
        architecture: str | SequenceArchitecture = "conv1d",
        attention: bool = False,
        progressive: bool = False,
        side_critics: Collection[str] = (),
        window_scale: bool = False,
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
        self.sequence_key = sequence_key
        self.sequence_index = sequence_index
        self.static_columns = static_columns
        self.window = window
        self.stride = stride
        self.layout = layout
        self.loss = loss
        self.architecture = architecture
        self.attention = attention
        self.progressive = progressive
        self.side_critics = side_critics
        self.window_scale = window_scale
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
        *,
        callbacks: Sequence[Callback] = (),
        checkpoint: str | Path | None = None,
        every: float = 5.0,
        resume: bool = False,
    ) -> Self:
        """Learn sequences.

        Args:
            X: a long frame, one row a step; one long series, with `window`; an array of three axes, or a list of
                arrays of two, with `layout`; or a frame whose row index has the levels sequence and time.
            y: a label for each sequence, learned as a static column; `sample` gives it back beside arrays.
            callbacks: hear of training, see `Callback`.
            checkpoint: a folder that keeps the training, to go on with it where it was cut off.
            every: seconds from one checkpoint to the next.
            resume: go on with the training in `checkpoint`, if there is one, with the same data and options.

        Returns:
            the fitted synthesizer.

        Raises:
            InvalidParameterError: for an option that is not allowed, or does not go with the data.
            InvalidDataError: for data that are no sequences, or have nothing to learn.
            DataTypeError: for a container or cells of an unsupported type.
            TrainingError: if the losses stay non-finite.
            OutputExistsError: if the folder of checkpoints is in use, or has something else in it.
            ModelFormatError: if it keeps another training, or is damaged.
        """
        if self.warm_start and hasattr(self, "generator_"):
            return self.partial_fit(X, y, callbacks=callbacks, checkpoint=checkpoint, every=every, resume=resume)
        with self._running(callbacks, checkpoint, every, resume) as run:
            return self._fit(X, y, run)

    def _fit(self, X: Any, y: Any, run: Running) -> Self:
        self.seed_ = run.seed(self.random_state)
        return self._learn(*self._prepare(X, y, run), self.seed_, run)

    def _learn(
        self,
        plan: SequencePlan,
        encoded: EncodedSequences,
        statics: pd.DataFrame,
        source: np.ndarray | None,
        seed: int,
        run: Running,
        onto: Any = None,
    ) -> Self:
        """Train networks, new ones or those of a fitted model, and learn to refine what they draw."""
        self.plan_ = plan
        device = find_device(self.device)
        learning = SequenceLearning.of(plan, self.codec_, encoded, statics, source, self, seed, device, run, onto)
        self._remember_history(learning.train(self, run), after=onto)
        self.generator_ = cast(SequenceGenerator, learning.state.average)
        self.critic_ = cast(SequenceCritic, learning.state.critic.eval().requires_grad_(False))
        self.codec_, self.refiner_ = learning.finish(asked=bool(self.refine))
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
        """Go on with the training of a fitted model, a loaded one too, on further sequences; the first call is `fit`.

        Columns, their encodings, rules and scales stay as they were learned first, and so does how long a sequence may
        be. The networks go on from where they are, those of several static columns too, as long as `fit` would train on
        so many sequences; a single static column keeps the shares that it had. What puts generated numbers right, and
        what refining does, is learned anew, from the further sequences alone.

        Arguments, return value and errors are those of `fit`.
        """
        if not hasattr(self, "generator_"):
            return self.fit(X, y, callbacks=callbacks, checkpoint=checkpoint, every=every, resume=resume)
        with self._running(callbacks, checkpoint, every, resume) as run:
            return self._go_on(X, y, run)

    def _go_on(self, X: Any, y: Any, run: Running) -> Self:
        preset = self._check_options()
        named = y if y is None else to_series(y)[0].rename(cast(str, self.container_.y))
        sequences = self._read(X, named, static_columns=self._outer_statics())[0]
        encoded, statics = encode_known_sequences(self.codec_.encoder, self.statics_, sequences)
        self.statics_ = self.statics_.gone_on(statics, run.inside("statics"))
        plan = self._plan(preset, sequences, self.codec_)
        seed = seed_of(self.seed_, 0, self.updates_)  # other noise, and other orders of sequences, than so far
        return self._learn(plan, encoded, statics, sequences.source, seed, run, onto=self)

    def _outer_statics(self) -> list[Hashable] | None:
        """Return the static columns of the fitted frame; None for arrays, of which no column can be named."""
        inner = {*self.codec_.encoder.internal, self.container_.y}
        return [n for n in self.statics_.names if n not in inner] if self.container_.kind == "frame" else None

    def plan(self, X: Any, y: Any = None) -> SequencePlan:
        """Return what `fit` would do, without training: kinds, encodings, lengths, updates, memory.

        Arguments and errors are those of `fit`.
        """
        model = cast(Self, clone(self))
        model.seed_ = 0
        return model._prepare(X, y, None)[0]

    def _prepare(
        self, X: Any, y: Any, run: Running | None
    ) -> tuple[SequencePlan, EncodedSequences, pd.DataFrame, np.ndarray | None]:
        """Return what `_learn` takes first: plan, codes, statics, rows; statics are learned where there is a run."""
        preset = self._check_options()
        device = find_device(self.device)
        find_seed(self.random_state)
        sequences, self.container_ = self._read(X, y, static_columns=self.static_columns)
        options = self.get_params(deep=False)
        encoder, overrides = learn_steps(sequences, self.container_, preset, options)
        check_steps(encoder, options)
        self.target_name_ = find_target(self.target, sequences, self.container_)
        encoded, frame = encoder.transform(sequences), encoder.statics(sequences)
        self.codec_ = SequenceCodec.fit(encoder, encoded, window_scale=bool(self.window_scale))
        check_networks(self.codec_.shape(1 + encoder.ragged), preset, options, device)
        training = None if run is None else run.inside("statics")
        self.statics_ = Statics.fit(frame, self.container_.key, overrides, self._new_table, training)
        warn_of(encoder.table.schema)
        return self._plan(preset, sequences, self.codec_), encoded, frame, sequences.source

    def _read(self, X: Any, y: Any, *, static_columns: Any) -> tuple[Sequences, SequenceContainer]:
        return read_sequences(
            X,
            y,
            sequence_key=self.sequence_key,
            sequence_index=self.sequence_index,
            static_columns=static_columns,
            window=self.window,
            stride=self.stride,
            layout=self.layout,
        )

    def _plan(self, preset: Preset, sequences: Sequences, codec: SequenceCodec) -> SequencePlan:
        shape, lengths = codec.shape(0), sequences.lengths
        return SequencePlan(
            len(sequences),
            int(lengths.min()),
            int(lengths.max()),
            self.statics_.encoder,
            codec.encoder.table,
            shape.channels,
            preset,
            training_settings(preset, len(sequences), shape.size, self.get_params(deep=False)),
        )

    def _wrong_options(self) -> list[str]:
        return wrong_options(self.get_params(deep=False)) + not_a_switch("warm_start", self.warm_start)

    def _new_table(self) -> WGANGPSynthesizer:
        given = self.numeric_encoding
        return WGANGPSynthesizer(
            preset=self.preset,
            epochs=self.epochs,
            numeric_encoding="auto" if isinstance(given, str) else given,  # one word for all is one for the steps
            critic_norm=self.critic_norm,
            target=self.target_name_,
            device=self.device,
            precision=self.precision,
            random_state=self.seed_,
        )

    # ---- after fit

    @property
    def schema_(self) -> TableSchema:
        """What each column of a step is."""
        return self.codec_.encoder.table.schema

    @property
    def static_schema_(self) -> TableSchema:
        """What each static column is, with where a sequence begins and how long it is, where these vary."""
        return self.statics_.encoder.schema

    def sample(
        self,
        n_sequences: int = 1,
        *,
        conditions: Mapping[Any, Any] | None = None,
        random_state: Any = None,
        refine: bool | None = None,
        output: str | Path | None = None,
        **streaming: Unpack[Streaming],
    ) -> Any:
        """Draw new sequences.

        Args:
            n_sequences: how many sequences, or windows, an integer of at least 0.
            conditions: what shall hold of static columns: a value, `(low, high)` with None for an open end, a list or
                set of values, or None for missing. It holds in every sequence that comes out.
            random_state: an int or numpy generator for these sequences; None takes the constructor's.
            refine: False takes sequences as the generator draws them, which is several times faster; None and True
                refine where the model has learned to.
            output: a folder to write the rows of all steps into, part by part, for more than memory holds.
            **streaming: what goes with `output`, see `Streaming`: `format`, `resume`, `force`, `scheduler`, `on_part`.

        Returns:
            a container like the one fitted: a long frame with its columns, order and dtypes, sequence after sequence;
            an array or list of the same layout; with `y` beside arrays, where `fit` had one: `(X, y)`. With `output`,
            the folder's path.

        Raises:
            NotFittedError: before `fit`.
            InvalidParameterError: for a count that is negative or no integer, and conditions that cannot be met; for
                `refine=True` where the model has not learned to; for a run that is to go on and was asked for something
                else.
            OutputExistsError: if `output` is in use, or has something else in it.
        """
        check_streaming(output, streaming)
        if output is not None:
            drawing = self._drawing(n_sequences, conditions, seed_of_run(output, random_state, streaming), refine)
            source = SequenceSource(drawing, self.container_, int(n_sequences))
            refined = drawing.refiner is not None
            return self._draw_into(output, source, drawing.seed, drawing.conditions, refined, streaming).folder
        parts = list(self._parts(n_sequences, conditions, random_state, refine))
        return self.container_.restore(Sequences.join(parts))

    def sample_parts(
        self,
        n_sequences: int,
        *,
        conditions: Mapping[Any, Any] | None = None,
        random_state: Any = None,
        refine: bool | None = None,
    ) -> Iterator[Any]:
        """Draw new sequences in parts of at most 262 144 steps, for more than memory holds.

        Arguments and errors are those of `sample`, and the sequences are the same.

        Yields:
            containers as `sample` returns them; a single empty one for no sequences.
        """
        return (self.container_.restore(part) for part in self._parts(n_sequences, conditions, random_state, refine))

    def sample_series(self, n_steps: int, random_state: Any = None, *, refine: bool | None = None) -> Any:
        """Draw one long series: windows that go on from each other, cross-faded where they overlap (see `blend`).

        What takes longer than a window to happen is not learned, and does not happen here either, but for a trend over
        the times of the fitted series.

        Args:
            n_steps: how many steps, an integer of at least 0.
            random_state: an int or numpy generator for this series; None takes the constructor's.
            refine: as in `sample`, for the windows.

        Returns:
            a frame or 2-D array like the one fitted, shape (n_steps, columns); the time index runs on regularly.

        Raises:
            NotFittedError: before `fit`.
            InvalidParameterError: for a count that is negative or no integer, and for a model that was not fitted on
                one long series, or has not learned to refine and shall.
        """
        check_is_fitted(self)
        self._check_draw("n_steps", n_steps, refine)
        if self.container_.kind != "frame" or self.container_.key is not None:
            raise InvalidParameterError(
                "sample_series is for models of one long series, and this one was fitted on many sequences: call "
                "sample(), or fit one long series without a sequence_key, with window=."
            )
        encoder, seed = self.codec_.encoder, self._sampling_seed(random_state)
        windows = Sequences.join(list(self._parts(count_windows(int(n_steps), encoder.max_steps), None, seed, refine)))
        return self.container_.restore(blend(windows, encoder, int(n_steps), np.random.default_rng(seed)))

    def _parts(self, n_sequences: int, conditions: Any, random_state: Any, refine: Any) -> Iterator[Sequences]:
        drawing = self._drawing(n_sequences, conditions, random_state, refine)
        return map(drawing.draw, drawing.parts(int(n_sequences)))

    def _drawing(self, n_sequences: int, conditions: Any, random_state: Any, refine: Any) -> SequenceDrawing:
        """Return what draws the parts of a sample, once what was asked for is allowed."""
        check_is_fitted(self)
        self._check_draw("n_sequences", n_sequences, refine)
        other = dict.fromkeys(self.schema_.names, "varies within sequences: conditions are on static columns")
        other |= {self.container_.key: "is the sequence_key: every sequence that is drawn has a new one"}
        other |= {self.container_.index: "is the sequence_index: conditions are on static columns"}
        allowed = [name for name in self.statics_.names if name not in self.codec_.encoder.internal]
        wanted = check_conditions(conditions, allowed, other)
        seed = self._sampling_seed(random_state)
        refiner = None if refine is False else self.refiner_
        return SequenceDrawing(self.generator_, self.codec_, refiner, self.statics_, seed, wanted)

    # ---- models on disk

    def _about(self) -> About:
        return about_sequences(self)

    def _document(self) -> dict[str, Any]:
        return to_document(self)

    @classmethod
    def _from_document(
        cls, document: Mapping[str, Any], place: torch.device, device: str | torch.device, architecture: Any
    ) -> Self:
        return from_document(cls, document, place, device, architecture)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "generator_")
