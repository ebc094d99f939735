"""What `fit` does with sequences that were read: their encoder, the training of their networks, what is put right."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Hashable, Mapping
from typing import Any, Self, cast

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.sequences.encoder import EncodedSequences, SequenceEncoder
from wgan_aug.encoding.sequences.frames import Sequences
from wgan_aug.encoding.table import check_numeric_encoding
from wgan_aug.errors import DataWarning, InvalidDataError, InvalidParameterError, did_you_mean, join_problems
from wgan_aug.networks.sequences import SequenceGenerator
from wgan_aug.schema.inference import read_overrides, resolve_columns
from wgan_aug.synthesizers.features import known_cells, known_columns
from wgan_aug.synthesizers.parts import learn_balance, take_weights
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.synthesizers.running import Running
from wgan_aug.synthesizers.sequences.containers import SequenceContainer
from wgan_aug.synthesizers.sequences.flat import to_rows
from wgan_aug.synthesizers.sequences.parts import SequenceCodec, build_networks, calibrate, draw_part, learn_refiner
from wgan_aug.synthesizers.sequences.plan import SequencePlan
from wgan_aug.synthesizers.sequences.refining import FEWEST_REAL, SequenceRefiner
from wgan_aug.synthesizers.sequences.statics import Statics
from wgan_aug.training.devices import new_generator
from wgan_aug.training.loop import History
from wgan_aug.training.sequences import DeviceSequences
from wgan_aug.training.state import TrainingState

__all__ = ["SequenceLearning", "encode_known_sequences", "find_target", "learn_steps", "to_device"]


def learn_steps(
    sequences: Sequences, container: SequenceContainer, preset: Preset, options: Mapping[str, Any]
) -> tuple[SequenceEncoder, dict[Hashable, Any]]:
    """Return the fitted encoder of steps, and the kinds that were given for static columns.

    Args:
        sequences: to learn from.
        container: what they came in.
        preset: with the given options in it.
        options: the synthesizer's, by name; `schema`, `categorical_features` and `numeric_encoding` count here.

    Raises:
        InvalidParameterError: for columns that the data do not have.
        InvalidDataError: for steps with nothing to learn.
    """
    roles = [name for name in (container.key, container.index) if name is not None]
    fixed = [name for name in sequences.statics.columns if name not in roles]
    moving = [name for name in sequences.steps.columns if name not in roles]
    levels = [name for name, _ in container.levels]
    plain = [name for name in container.columns if name not in levels]
    names = list(dict.fromkeys([*plain, *fixed]))  # y may stand beside the others
    empty = pd.DataFrame(columns=pd.Index(names, dtype=object, tupleize_cols=False))
    known = [name for name in names if name not in roles]
    kinds = read_overrides(options["schema"], names)
    problems = [
        f"The schema names column {name!r}, which the data do not have.{did_you_mean(name, known)}"
        for name in kinds
        if name not in empty.columns
    ]
    if problems:
        raise InvalidParameterError(join_problems(problems))
    categorical = resolve_columns(empty, options["categorical_features"], "categorical_features")
    kinds = dict.fromkeys(categorical, "categorical") | kinds
    given = options["numeric_encoding"]
    check_numeric_encoding(given, known)
    encoding = preset.numeric_encoding if given == "auto" else given
    own = {name: kind for name, kind in kinds.items() if name in moving}
    encoder = SequenceEncoder(
        index=container.index, schema=own, numeric_encoding=encoding, relations=preset.relations
    ).fit(sequences)
    return encoder, {name: kind for name, kind in kinds.items() if name in fixed}


def find_target(target: Any, sequences: Sequences, container: SequenceContainer) -> Hashable | None:
    """Return the static column that users predict: y, or the one that `target` names; None for none.

    Raises:
        InvalidParameterError: for a column that is not there, or is not static.
    """
    if container.y is not None:
        return container.y
    if target is None:
        return None
    key = container.key
    allowed = [name for name in sequences.statics.columns if key is None or name != key]
    if target not in allowed:
        where = "varies within sequences" if target in sequences.steps.columns else "is not there"
        where = "is the sequence_key" if target == key else where
        raise InvalidParameterError(
            f"target is {target!r}, which {where}; the target of sequences is a static column. "
            f"Static columns: {', '.join(map(repr, allowed)) or 'none'}."
        )
    return target


def encode_known_sequences(
    encoder: SequenceEncoder, statics: Statics, sequences: Sequences
) -> tuple[EncodedSequences, pd.DataFrame]:
    """Encode further sequences with what a model learned: their codes, and their static columns.

    Raises:
        InvalidDataError: if columns are missing, cells are not such as were fitted, or sequences are longer than the
            longest fitted one, or shorter where all had the same length.
    """
    if not encoder.ragged and (sequences.lengths != encoder.max_steps).any():
        other = int(sequences.lengths[sequences.lengths != encoder.max_steps][0])
        raise InvalidDataError(
            f"A sequence has {other} steps, and all fitted ones had {encoder.max_steps}; give sequences of that length."
        )
    outer = [name for name in statics.names if name not in encoder.internal]
    outer = outer if statics.key is None else [statics.key, *outer]
    own = known_columns(sequences.statics, outer, None)
    steps = known_columns(sequences.steps, encoder.columns, None)
    known = Sequences(own, steps, sequences.lengths, sequences.source)
    with known_cells(encoder.table, lambda: encoder.rows(known)[0]):
        encoded = encoder.transform(known)
    return encoded, encoder.statics(known)


@dataclasses.dataclass(frozen=True)
class SequenceLearning:
    """The training of sequences, ready to begin.

    Args:
        plan: what is to be done.
        codec: sequences to what networks see.
        encoded: the codes of the sequences.
        condition: what the networks are told of each, shape (sequences, width).
        source: which row of the data each step was, where windows share rows; None elsewhere.
        seed: of all random numbers.
        state: networks and optimisers.
        weights: how often each sequence is shown, shape (sequences,); None where all are shown alike.
        fingerprint: of codec and codes, for checkpoints; empty where there are none.
    """

    plan: SequencePlan
    codec: SequenceCodec
    encoded: EncodedSequences
    condition: np.ndarray
    source: np.ndarray | None
    seed: int
    state: TrainingState
    weights: torch.Tensor | None
    fingerprint: str

    @classmethod
    def of(
        cls,
        plan: SequencePlan,
        codec: SequenceCodec,
        encoded: EncodedSequences,
        statics: pd.DataFrame,
        source: np.ndarray | None,
        model: Any,
        seed: int,
        device: torch.device,
        run: Running,
        onto: Any = None,
    ) -> Self:
        """Build the networks, or take those of a fitted model.

        Args:
            plan: what is to be done.
            codec: sequences to what networks see.
            encoded: the codes of the sequences.
            statics: a row for each, as the encoder gives them.
            source: which row of the data each step was; None where no step stands in two sequences.
            model: the synthesizer, with what it knows of statics and of its target.
            seed: of all random numbers.
            device: to train on.
            run: this call of `fit`.
            onto: a fitted synthesizer to go on with; None begins anew.
        """
        table: Statics = model.statics_
        codec = dataclasses.replace(codec, calibration=None)
        condition = codec.condition(table.features(statics), encoded.lengths)
        shape, options = codec.shape(condition.shape[1]), model.get_params(deep=False)
        generator, critic = build_networks(shape, plan.preset, options, codec.encoder.ragged, seed)
        generator.start_at(torch.from_numpy(codec.layout.frequencies))
        if onto is not None:
            take_weights(generator, onto.generator_.state_dict())
            take_weights(critic, onto.critic_.state_dict())
        rng = new_generator(seed, device)
        state = TrainingState(generator.to(device), critic.to(device), plan.settings, rng, run.ranks)
        weights = _weights(table, model.target_name_, statics, plan.preset.balance)
        arrays = {"states": encoded.states, "numbers": encoded.numbers, "condition": condition}
        fingerprint = run.fingerprint(lambda: {"encoder": codec.to_json(), "arrays": arrays})
        return cls(plan, codec, encoded, condition, source, seed, state, weights, fingerprint)

    def train(self, model: Any, run: Running) -> History:
        """Train the networks with a synthesizer's objective.

        Raises:
            TrainingError: if the losses stay non-finite.
        """

        def draw(generator: torch.nn.Module, sequences: int) -> pd.DataFrame:
            drawn = model.statics_.sample(sequences, self.seed, {})
            known = model.statics_.features(drawn)
            part = draw_part(cast(SequenceGenerator, generator), self.codec, None, drawn, known, self.seed, 0, 0)
            return to_rows(model.container_.restore(part), model.container_)

        return run.train(
            model,
            self.state,
            to_device(self.codec, self.encoded, self.condition, self.seed, self.state.device),
            self.plan.preset,
            self.plan.settings,
            fingerprint=self.fingerprint,
            owners=_channel_names(self.codec),
            weights=self.weights,
            told=True,
            draw=draw,
        )

    def finish(self, *, asked: bool) -> tuple[SequenceCodec, SequenceRefiner | None]:
        """Return the codec, which puts the trained generator's numbers right, and what refining learns of it.

        Where refining was asked for and there are too few sequences, there is a warning.
        """
        generator = cast(SequenceGenerator, self.state.average)
        calibration = calibrate(generator, self.codec, self.encoded, self.condition, self.seed)
        codec = dataclasses.replace(self.codec, calibration=calibration)
        refiner = None
        if self.plan.preset.refine:
            refiner = learn_refiner(generator, codec, self.encoded, self.condition, self.source, self.seed)
        if asked and refiner is None:
            warnings.warn(
                f"refine is True, but of {len(self.encoded)} sequences too few have no step in common; refining takes "
                f"{FEWEST_REAL}: samples are as the generator draws them.",
                DataWarning,
                stacklevel=4,
            )
        return codec, refiner


def to_device(
    codec: SequenceCodec, encoded: EncodedSequences, condition: np.ndarray, seed: int, device: torch.device
) -> DeviceSequences:
    """Put sequences on a device as networks see them; a seed draws the coefficients that do not vary."""
    paths = codec.whitening.transform(codec.numbers(encoded), np.random.default_rng(seed))
    return DeviceSequences(encoded.states, paths, condition, encoded.mask, codec.layout, device)


def _weights(table: Statics, target: Hashable | None, statics: pd.DataFrame, power: float) -> torch.Tensor | None:
    """Return how often each sequence is shown; the networks are told its class, so nothing has to be undone."""
    balance = None if target is None else learn_balance(table.encoder, target, power)
    return None if balance is None else torch.from_numpy(balance.weights(table.encode(statics).states))


def _channel_names(codec: SequenceCodec) -> list[Hashable]:
    """Return a column for each channel; a path is many columns, and is named by the one that weighs most in it."""
    owners = codec.encoder.table.feature_columns()
    states = owners[: codec.layout.n_states]
    numbers = owners[len(states) :]
    return states + [numbers[codec.owner(axis)] for axis in range(codec.whitening.n_axes)]
