"""The preset of toy distributions: whose settings it has, and that it finds the modes of the smaller one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from wgan_aug import WGANGPSynthesizer
from wgan_aug.datasets import RING_SD, make_ring, ring_centres
from wgan_aug.losses import OBJECTIVES
from wgan_aug.synthesizers.presets import find_preset


@pytest.mark.parametrize("name", OBJECTIVES)
def test_raw_coordinates_and_nothing_that_corrects_samples(name: str) -> None:
    preset = find_preset("toy", loss=name)
    assert preset.numeric_encoding == "affine"
    assert not any([preset.refine, preset.relations, preset.scaled, preset.reveal, preset.balance])
    assert (preset.noise_dim, preset.generator_norm, preset.generator_skip) == (2, False, False)


@pytest.mark.parametrize("name", ["gan", "lsgan", "hinge"])
def test_an_objective_that_is_compared_with_has_its_papers_optimiser(name: str) -> None:
    preset = find_preset("toy", loss=name)
    recipe = dataclasses.asdict(OBJECTIVES[name].recipe)
    assert {option: getattr(preset, option) for option in recipe} == recipe


def test_weights_are_those_of_points_of_the_plane() -> None:
    weights = {name: find_preset("toy", loss=name).gp_weight for name in ("wgan-gp", "wgan-div", "r3gan")}
    assert weights == {"wgan-gp": 0.1, "wgan-div": 2.0, "r3gan": 0.01}


def test_a_short_training_finds_all_modes_of_the_ring() -> None:
    points, updates = make_ring(5000, random_state=0), 600
    model = WGANGPSynthesizer(preset="toy", epochs=updates * 256 / 5000, random_state=0, device="cpu").fit(points)
    assert model.updates_ == updates
    distances = np.linalg.norm(np.asarray(model.sample(2000))[:, None] - ring_centres(), axis=2)
    good = distances.min(axis=1) < 4 * RING_SD
    counts = np.bincount(distances.argmin(axis=1)[good], minlength=8)
    assert counts.min() >= 0.1 * 2000 / 8
    assert good.mean() > 0.3
