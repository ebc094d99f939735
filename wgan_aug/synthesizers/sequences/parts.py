"""What a synthesizer of sequences is made of: a codec, networks for it, drawn sequences."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.sequences.corrections import Calibration, Standards
from wgan_aug.encoding.sequences.encoder import EncodedSequences, SequenceEncoder
from wgan_aug.encoding.sequences.frames import Sequences
from wgan_aug.encoding.sequences.scaling import WindowScale
from wgan_aug.encoding.sequences.whitening import Whitening
from wgan_aug.networks.architectures import find_architecture
from wgan_aug.networks.draws import seeded
from wgan_aug.networks.sequences import SequenceCritic, SequenceGenerator, SequenceShape
from wgan_aug.schema.layout import Scalar, TableLayout
from wgan_aug.synthesizers.parts import sizes_of, try_architecture
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.synthesizers.seeds import noise_generator, part_seeds
from wgan_aug.synthesizers.sequences.refining import Draw, SequenceRefiner, fit_refiner
from wgan_aug.training.devices import new_generator

__all__ = [
    "SequenceCodec",
    "build_networks",
    "calibrate",
    "check_networks",
    "draw_codes",
    "draw_part",
    "learn_refiner",
]

_BATCH = 512  # sequences in one pass of a network outside training
_CALIBRATING = 4_096  # sequences drawn to compare with the real ones, at most
_CALIBRATING_STEPS = 131_072  # and their steps, but at least an eighth of the sequences
_REFINING = 2**32  # no part of a sample has this number


@dataclasses.dataclass
class SequenceCodec:
    """Sequences to what networks see, and back.

    Args:
        encoder: cells to states and numbers.
        scale: takes each sequence's numbers to a scale of its own; None leaves them as they are.
        whitening: numbers to paths.
        standards: constants that every real sequence keeps.
        calibration: what generated numbers, on these scales, are put right by; None before training.
    """

    encoder: SequenceEncoder
    scale: WindowScale | None
    whitening: Whitening
    standards: Standards
    calibration: Calibration | None = None

    @classmethod
    def fit(cls, encoder: SequenceEncoder, encoded: EncodedSequences, *, window_scale: bool = False) -> SequenceCodec:
        """Learn from the codes of training sequences; `window_scale` says that they get scales of their own."""
        normal, apart, scale = np.array([scalar.normal for scalar in encoder.layout.scalars], dtype=bool), 0, None
        numbers = encoded.numbers
        if window_scale:
            normal, apart = np.zeros(3 * len(normal), dtype=bool), 2 * len(normal)
            scale = WindowScale.fit(numbers, encoded.mask)
            numbers = scale.transform(numbers, encoded.mask)
        whitening = Whitening.fit(numbers, encoded.lengths, normal=normal, ragged=encoder.ragged, apart=apart)
        return cls(encoder, scale, whitening, Standards.fit(encoded.numbers, encoded.mask))

    @property
    def layout(self) -> TableLayout:
        """A step as the networks see it: the encoder's states, and paths."""
        own = self.encoder.layout
        return TableLayout(own.widths, own.frequencies, (Scalar(normal=False),) * self.whitening.n_axes)

    def shape(self, condition: int) -> SequenceShape:
        """Return what sequences look like to the networks, beside a condition of some width."""
        return SequenceShape(self.layout, self.encoder.max_steps, condition)

    def condition(self, statics: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return what the networks are told of each sequence: its statics and, where it varies, its length."""
        if not self.encoder.ragged:
            return statics
        share = (lengths / self.encoder.max_steps).astype(np.float32)
        return np.concatenate([statics, share[:, None]], axis=1)

    def numbers(self, encoded: EncodedSequences) -> np.ndarray:
        """Return the numbers as they are whitened: on the sequences' own scales, where they have such."""
        return encoded.numbers if self.scale is None else self.scale.transform(encoded.numbers, encoded.mask)

    def owner(self, axis: int) -> int:
        """Return which of the encoder's numbers weighs most in a path."""
        return int(np.abs(self.whitening.axes[:, axis]).argmax()) % self.encoder.layout.n_scalars

    def finish(self, states: np.ndarray, paths: np.ndarray, lengths: np.ndarray) -> EncodedSequences:
        """Return the encoder's codes of what a network drew, put right.

        Args:
            states: shape (sequences, steps, blocks).
            paths: shape (sequences, axes, steps).
            lengths: steps of each sequence, shape (sequences,).
        """
        encoded = EncodedSequences(states, self.whitening.inverse_transform(paths), lengths)
        if self.calibration is not None:
            encoded.numbers = self.calibration.apply(encoded.numbers, encoded.mask)
        if self.scale is not None:
            encoded.numbers = self.scale.inverse_transform(encoded.numbers, encoded.mask)
        encoded.numbers = self.standards.apply(encoded.numbers, encoded.mask)
        return encoded

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back."""
        return {
            "encoder": self.encoder.to_json(),
            "scale": None if self.scale is None else self.scale.to_json(),
            "whitening": self.whitening.to_json(),
            "standards": self.standards.to_json(),
            "calibration": None if self.calibration is None else self.calibration.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SequenceCodec:
        """Read what `to_json` wrote."""
        scale, calibration = data["scale"], data["calibration"]
        return cls(
            SequenceEncoder.from_json(data["encoder"]),
            None if scale is None else WindowScale.from_json(scale),
            Whitening.from_json(data["whitening"]),
            Standards.from_json(data["standards"]),
            None if calibration is None else Calibration.from_json(calibration),
        )


def build_networks(
    shape: SequenceShape, preset: Preset, options: Mapping[str, Any], ragged: bool, seed: int
) -> tuple[SequenceGenerator, SequenceCritic]:
    """Return the generator and the critic of sequences, with weights from a seed.

    Args:
        shape: of a sequence.
        preset: their sizes.
        options: the synthesizer's, by name; `architecture`, `critic_norm`, `attention`, `progressive` and
            `side_critics` count here.
        ragged: whether the condition ends with the sequence's length.
        seed: of the weights.
    """
    networks = find_architecture(options["architecture"])
    with seeded(seed):
        return networks.for_sequences(shape, sizes_of(preset), options["critic_norm"], ragged, options)


def check_networks(shape: SequenceShape, preset: Preset, options: Mapping[str, Any], device: torch.device) -> None:
    """Try the networks of a user's own on a few sequences, before training.

    Raises:
        InvalidParameterError: for what is wrong with them.
    """
    made, judged = (shape.channels, shape.steps), (shape.channels + shape.condition, shape.steps)
    try_architecture(preset, options, preset.noise_dim + shape.condition, made, judged, device)


@torch.inference_mode()
def draw_codes(
    generator: SequenceGenerator, condition: np.ndarray, rng: torch.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return states, shape (sequences, steps, blocks), and paths, shape (sequences, axes, steps), under conditions."""
    states: list[np.ndarray] = []
    paths: list[np.ndarray] = []
    known = torch.from_numpy(condition.astype(np.float32)).to(rng.device)
    for part in known.split(_BATCH):
        noise = torch.randn(len(part), generator.noise_dim, generator=rng, device=rng.device)
        state, path = generator.choose(noise, rng, part)
        states.append(state.cpu().numpy())
        paths.append(path.cpu().numpy())
    return np.concatenate(states), np.concatenate(paths)


def calibrate(
    generator: SequenceGenerator, codec: SequenceCodec, encoded: EncodedSequences, condition: np.ndarray, seed: int
) -> Calibration:
    """Compare the numbers of generated sequences with those of the training sequences, under their conditions."""
    chances = np.random.default_rng(seed)
    most = min(_CALIBRATING, max(_CALIBRATING // 8, _CALIBRATING_STEPS // codec.encoder.max_steps))
    rows = chances.choice(len(encoded), most)
    rng = new_generator(seed, next(generator.parameters()).device)
    own = encoded.take(rows)
    generated = codec.whitening.inverse_transform(draw_codes(generator, condition[rows], rng)[1])
    return Calibration.fit(generated, codec.numbers(own), own.mask)


def _candidates(
    generator: SequenceGenerator, codec: SequenceCodec, condition: np.ndarray, lengths: np.ndarray, rng: torch.Generator
) -> Draw:
    """Return what draws a sequence under each condition that it is asked for, by number."""
    return lambda rows: codec.finish(*draw_codes(generator, condition[rows], rng), lengths[rows])


def learn_refiner(
    generator: SequenceGenerator,
    codec: SequenceCodec,
    encoded: EncodedSequences,
    condition: np.ndarray,
    source: np.ndarray | None,
    seed: int,
) -> SequenceRefiner | None:
    """Learn which of a trained generator's sequences to keep; arguments as for `fit_refiner`."""
    noise, own = part_seeds(seed, _REFINING, 2)
    draw = _candidates(generator, codec, condition, encoded.lengths, noise_generator(noise, generator))
    return fit_refiner(encoded, condition, source, draw, codec.encoder.layout, codec.scale, own)


def draw_part(
    generator: SequenceGenerator,
    codec: SequenceCodec,
    refiner: SequenceRefiner | None,
    statics: pd.DataFrame,
    features: np.ndarray,
    seed: int,
    part: int,
    first_row: int,
) -> Sequences:
    """Draw one part of a sample: sequences for some statics; they depend on the seed and the part's number alone.

    Args:
        generator: the network that samples.
        codec: decodes what it gives.
        refiner: chooses among what it gives; None takes all.
        statics: a row for each sequence.
        features: the statics as numbers, shape (sequences, width).
        seed: of the whole sample.
        part: the part's number.
        first_row: the number of its first step.
    """
    noise, members, keeping = part_seeds(seed, part, 3)
    lengths = codec.encoder.lengths(statics)
    condition = codec.condition(features, lengths)
    draw = _candidates(generator, codec, condition, lengths, noise_generator(noise, generator))
    if refiner is None:
        encoded = draw(np.arange(len(statics)))
    else:
        encoded = refiner.draw(draw, condition, np.random.default_rng(keeping))
    return codec.encoder.inverse_transform(encoded, statics, np.random.default_rng(members), first_row)
