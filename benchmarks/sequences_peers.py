"""Fit one method on a prepared set of sequences in this Python's environment, sample, and say what it cost.

usage: PYTHON benchmarks/sequences_peers.py METHOD TRAIN.npz SYNTHETIC.npz COST.json [--seed N] [--cpu-s 360]
           [--preset P] [--windows N]

METHOD: `ours`, at defaults (or another preset); `tsgm`, `tsgm-gan`, `tsgm-zoo` and `par` (see environments.sh);
`copula` and `pasted`. One thread, and no GPU, for everybody. As many sequences are sampled as there are training ones,
by `par` at most 2000, since it draws them one by one. `--windows` takes only so many training sequences, to try a
method.

tsgm: its WGAN-GP (`GAN(use_wgan=True)`), and for labelled sets its `ConditionalGAN`, on the torch backend of Keras,
until `--cpu-s` or the 1000 epochs of its guide are over. Loss, scaling, noise and optimisers are the guide's, but the
WGAN-GP learns at 1e-3: at the guide's rate it is far from the data when the time is over. The networks are
`cgan_base_c4_l1` of its zoo without the generator's LSTM over 16 T steps, whose updates take nine times as long, and
without the sigmoid at the end of the WGAN's critic. `tsgm-zoo` leaves them as they are. `tsgm-gan` is the plain GAN
instead of the WGAN-GP.

par: DeepEcho's PARModel at its defaults, but with as many training sequences, at random, as keep it within a few
minutes: it takes all sequences in one batch, and loops over sequences and channels in Python.

CPU seconds are the process's, user and system. `peak_rss_mb` is the most memory that it held, imports included.
"""

from __future__ import annotations

import argparse
import os
import random
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from prepared import ONE_THREAD, write_json

os.environ.update(ONE_THREAD | {"KERAS_BACKEND": "torch", "CUDA_VISIBLE_DEVICES": ""})

import numpy as np
from peers import cpu_seconds, peak_rss_mb
from sequences_baselines import Sampler, copula, draw_labels, pasted
from sequences_sets import Sequences, read_sequences, write_sequences

TSGM_NOISE, TSGM_BATCH, TSGM_EPOCHS, TSGM_BETA = 64, 32, 1000, 0.5
TSGM_RATE, TSGM_WGAN_RATE = 2e-4, 1e-3
TSGM = ("tsgm", "tsgm-gan", "tsgm-zoo")
PAR_CHANNELS = 7000  # sequences times channels that PAR trains on
SAMPLED = {"par": 2000}  # the most sequences that a method samples


def _ours(train: Sequences, seed: int, facts: dict[str, Any], preset: str | None) -> Sampler:
    from wgan_aug import WGANGPSequenceSynthesizer

    options: dict[str, Any] = {} if preset is None else {"preset": preset}
    model = WGANGPSequenceSynthesizer(layout="ntc", random_state=seed, **options)
    if train.y is None:
        model.fit(train.x)
    else:
        model.fit(train.x, train.y)
    facts |= {"preset": model.preset, "updates": model.updates_}

    def sample(n: int) -> Sequences:
        made: Any = model.sample(n)
        return Sequences(made) if train.y is None else Sequences(*made)

    return sample


def _tsgm(train: Sequences, seed: int, facts: dict[str, Any], cpu_s: float, method: str) -> Sampler:
    """Train one of tsgm's convolutional GANs, the conditional one where there are classes."""
    import keras  # type: ignore[import-not-found]
    import torch
    import tsgm  # type: ignore[import-not-found]

    keras.utils.set_random_seed(seed)
    scaler = tsgm.utils.TSFeatureWiseScaler((-1, 1))
    arrays = [torch.tensor(scaler.fit_transform(train.x), dtype=torch.float32)]
    classes = np.array([]) if train.y is None else np.unique(train.y)

    def flags(labels: np.ndarray) -> Any:
        return torch.tensor(labels[:, None] == classes, dtype=torch.float32)

    if train.y is not None:
        arrays.append(flags(train.y))
    wgan = train.y is None and method != "tsgm-gan"
    networks = _tsgm_networks(keras, tsgm, train, len(classes), method == "tsgm-zoo", wgan)
    kind = tsgm.models.cgan.GAN if train.y is None else tsgm.models.cgan.ConditionalGAN
    model = kind(**networks, latent_dim=TSGM_NOISE, use_wgan=wgan)
    adam = partial(keras.optimizers.Adam, learning_rate=TSGM_WGAN_RATE if wgan else TSGM_RATE, beta_1=TSGM_BETA)
    model.compile(d_optimizer=adam(), g_optimizer=adam(), loss_fn=keras.losses.BinaryCrossentropy())
    stop = _stop_after(keras, cpu_s)
    rows = torch.utils.data.TensorDataset(*arrays)
    batches = torch.utils.data.DataLoader(rows, batch_size=TSGM_BATCH, shuffle=True)
    model.fit(batches, epochs=TSGM_EPOCHS, verbose=0, callbacks=[stop])
    facts |= {"updates": stop.updates, "epochs": round(stop.updates / len(batches), 1)}
    facts["setting"] = f"{facts['epochs']} epochs, {stop.updates} updates with {TSGM_BATCH} sequences each"
    rng = np.random.default_rng(seed)

    def sample(n: int) -> Sequences:
        labels = draw_labels(train.y, n, rng)
        made: list[np.ndarray] = []
        with torch.no_grad():
            for place in range(0, n, 500):
                count = min(500, n - place)
                wanted = count if labels is None else flags(labels[place : place + count])
                made.append(model.generate(wanted).numpy())
        return Sequences(scaler.inverse_transform(np.concatenate(made)), labels)

    return sample


def _tsgm_networks(keras: Any, tsgm: Any, train: Sequences, classes: int, as_is: bool, wgan: bool) -> dict[str, Any]:
    """Return generator and discriminator of tsgm's zoo, left alone or changed as this module's docstring says."""
    _, steps, channels = train.x.shape
    zoo = tsgm.models.zoo["cgan_base_c4_l1"](
        seq_len=steps, feat_dim=channels, latent_dim=TSGM_NOISE, output_dim=classes
    )
    if as_is:
        return zoo.get()
    layers = keras.layers
    wide = [layer for layer in zoo.generator.layers if isinstance(layer, layers.LeakyReLU)][-1].output
    pooled = layers.AveragePooling1D(wide.shape[1] // steps)(wide)
    generator = keras.Model(zoo.generator.input, layers.Conv1D(channels, 1, activation="tanh")(pooled))
    discriminator = zoo.discriminator
    if wgan:
        discriminator = keras.Model(discriminator.input, layers.Dense(1)(discriminator.layers[-2].output))
    return {"generator": generator, "discriminator": discriminator}


def _stop_after(keras: Any, cpu_s: float) -> Any:
    """Return a callback that counts updates, and ends training when its CPU seconds are used up."""
    end = cpu_seconds() + cpu_s

    class Stop(keras.callbacks.Callback):
        updates = 0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.updates += 1
            self.model.stop_training = cpu_seconds() > end

    return Stop()


def _par(train: Sequences, seed: int, facts: dict[str, Any]) -> Sampler:
    import torch
    from deepecho import PARModel  # type: ignore[import-not-found]

    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(train))[: PAR_CHANNELS // train.x.shape[2]])
    contexts = [[] for _ in rows] if train.y is None else [[int(label)] for label in train.y[rows]]
    data = [{"context": c, "data": train.x[i].T.tolist()} for c, i in zip(contexts, rows, strict=True)]
    torch.manual_seed(seed)
    model = PARModel(cuda=False, verbose=False)
    model.fit_sequences(data, [] if train.y is None else ["categorical"], ["continuous"] * train.x.shape[2])
    facts |= {"updates": model.epochs, "epochs": model.epochs, "trained_on": len(rows)}
    share = "all" if len(rows) == len(train) else f"{len(rows)} of the {len(train)}"
    facts["setting"] = f"{model.epochs} epochs (its default) on {share} sequences"

    def sample(n: int) -> Sequences:
        labels = draw_labels(train.y, n, rng)
        drawn = [model.sample_sequence([] if labels is None else [int(labels[i])]) for i in range(n)]
        return Sequences(np.asarray(drawn, float).transpose(0, 2, 1), labels)

    return sample


def fitter(method: str, cpu_s: float, preset: str | None) -> tuple[list[str], str, Callable[..., Sampler]]:
    """Return a method's packages, the module to import before the clock runs, and what fits it."""
    if method == "ours":
        return ["wgan-aug", "torch"], "wgan_aug", partial(_ours, preset=preset)
    if method in TSGM:
        return ["tsgm", "keras", "torch"], "tsgm", partial(_tsgm, cpu_s=cpu_s, method=method)
    if method == "par":
        return ["deepecho", "torch"], "deepecho", _par
    baseline = {"copula": copula, "pasted": pasted}[method]
    return ["numpy", "scipy"], "scipy.stats", lambda train, seed, facts: baseline(train, seed)


def measure(
    method: str, train: Sequences, seed: int, cpu_s: float, preset: str | None
) -> tuple[Sequences, dict[str, Any]]:
    """Return synthetic sequences, and what they cost."""
    packages, module, fit = fitter(method, cpu_s, preset)
    import_module(module)
    facts: dict[str, Any] = {}
    wall, cpu = time.perf_counter(), cpu_seconds()
    sampler = fit(train, seed, facts)
    fitted, fitted_cpu = time.perf_counter(), cpu_seconds()
    made = sampler(min(len(train), SAMPLED.get(method, len(train))))
    cost = {
        "fit_s": fitted - wall,
        "fit_cpu_s": fitted_cpu - cpu,
        "sample_s": time.perf_counter() - fitted,
        "sample_cpu_s": cpu_seconds() - fitted_cpu,
    }
    if made.x.ndim != 3 or made.x.shape[1:] != train.x.shape[1:]:
        raise SystemExit(f"{method} gave an array of shape {made.x.shape} for training ones of {train.x.shape}.")
    rounded = {name: round(seconds, 3) for name, seconds in cost.items()}
    rounded["sample_cpu_s_per_1000"] = round(1000 * cost["sample_cpu_s"] / len(made), 4)
    versions = {name: metadata.version(name) for name in packages}
    return made, facts | rounded | {"peak_rss_mb": peak_rss_mb(), "seed_of_method": seed, "versions": versions}


def main() -> None:
    """Fit, sample, write sequences and cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method")
    parser.add_argument("train", type=Path)
    parser.add_argument("synthetic", type=Path)
    parser.add_argument("cost", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu-s", type=float, default=360.0)
    parser.add_argument("--preset")
    parser.add_argument("--windows", type=int)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    random.seed(options.seed)
    np.random.seed(options.seed)  # noqa: NPY002 - some peers draw from the global state
    if options.method not in ("copula", "pasted"):
        import torch

        torch.set_num_threads(1)
    train = read_sequences(options.train)
    if options.windows is not None:
        train = train.take(slice(options.windows))
    made, cost = measure(options.method, train, options.seed, options.cpu_s, options.preset)
    write_sequences(options.synthetic, made)
    write_json(options.cost, cost)


if __name__ == "__main__":
    main()
