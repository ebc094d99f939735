"""Several processes that train one model together, started by torchrun, against a single one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from wgan_aug.networks.draws import SharedGenerator, by_steps, normal, uniform
from wgan_aug.training.devices import new_generator

SCRIPT = """
import sys, warnings
import numpy as np, pandas as pd, torch
from wgan_aug import Callback, StopTraining, WGANGPSequenceSynthesizer, WGANGPSynthesizer
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)  # so that sums in another order differ by 1e-16 only
rng = np.random.default_rng(0)
frame = pd.DataFrame({"age": rng.integers(18, 90, 400), "pay": rng.normal(size=400)})
frame["sex"] = rng.choice(list("fm"), 400)
class Stop(Callback):
    def on_step(self, progress):
        if progress.update >= 40:
            raise StopTraining
options = {"batch_size": 64, "refine": False}
table = WGANGPSynthesizer(epochs=6, random_state=0, balance=0.5, **options).fit(frame)
fresh = WGANGPSynthesizer(epochs=20, early_stopping=True, evaluate_every=16, patience=1, **options)
fresh.fit(frame, callbacks=[Stop()], checkpoint=sys.argv[1] + "-kept", every=0.01)
x = rng.normal(size=(80, 9, 2)).cumsum(axis=1)
series = WGANGPSequenceSynthesizer(layout="ntc", epochs=8, batch_size=16, random_state=0)
series.fit(x, rng.choice(list("uv"), 80))
import os
if os.environ.get("RANK", "0") == "0":
    table.history_.to_csv(sys.argv[1] + "-table.csv", index=False)
    series.history_.to_csv(sys.argv[1] + "-series.csv", index=False)
    assert table.sample(50).shape == (50, 3)
weights = np.concatenate([p.numpy().ravel() for m in (table, fresh, series) for p in m.generator_.parameters()])
np.save(f"{sys.argv[1]}-weights-{os.environ.get('RANK', '0')}.npy", weights)
"""
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
ALONE = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}


def launch(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    words = list(map(str, command))
    return subprocess.run(words, env=ALONE | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, **more)


def test_two_processes_follow_one_and_stay_alike(tmp_path: Path) -> None:
    """Losses of tables and of sequences to 1e-5, in float64; both processes end with the same weights."""
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    launch(sys.executable, script, tmp_path / "one", check=True)
    done = launch(*TORCHRUN, script, tmp_path / "two")
    assert done.returncode == 0, done.stderr
    for name in ("table", "series"):
        one, two = (pd.read_csv(tmp_path / f"{who}-{name}.csv") for who in ("one", "two"))
        assert len(one) == len(two) > 30
        np.testing.assert_allclose(two.to_numpy(), one.to_numpy(), rtol=1e-5, atol=1e-5)
    first, second = (np.load(tmp_path / f"two-weights-{rank}.npy") for rank in (0, 1))
    assert first.tobytes() == second.tobytes()
    assert len(list((tmp_path / "two-kept").glob("checkpoint-*"))) == 1


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small table as a file."""
    rng = np.random.default_rng(0)
    pd.DataFrame({"a": rng.normal(size=200), "b": rng.choice(list("xy"), 200)}).to_csv(
        tmp_path / "data.csv", index=False
    )
    return tmp_path / "data.csv"


def test_the_command_under_torchrun_writes_one_model_and_speaks_once(data: Path) -> None:
    command = Path(sys.executable).with_name("wgan-aug")
    done = launch(*TORCHRUN, command, "fit", data, "--epochs", "2", "--seed", "1", cwd=data.parent)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Model saved in") == 1
    assert done.stderr.count("200 rows, 2 columns") == 1
    assert (data.parent / "data-model" / "model.json").is_file()


def test_more_processes_than_rows_of_a_batch_are_refused(data: Path) -> None:
    small = data.with_name("small.csv")
    pd.read_csv(data).head(3).to_csv(small, index=False)
    command = Path(sys.executable).with_name("wgan-aug")
    four = [word if word != "2" else "4" for word in TORCHRUN]
    done = launch(*four, command, "fit", small, "--epochs", "2", cwd=data.parent)
    assert done.returncode != 0
    assert "Error: 4 processes share each batch, but batches have 3 rows: start fewer processes" in done.stderr
    assert not (data.parent / "small-model").exists()


# ---- shares of what is drawn


@pytest.mark.parametrize("draw", [uniform, normal])
@pytest.mark.parametrize(("ranks", "steps"), [(2, 1), (3, 1), (2, 5), (4, 3)])
def test_the_shares_of_all_are_what_one_would_draw(draw: Any, ranks: int, steps: int) -> None:
    whole = draw((12 * steps, 3), new_generator(7, torch.device("cpu")), torch.device("cpu"))
    shares = []
    for rank in range(ranks):
        rng = by_steps(SharedGenerator(new_generator(7, torch.device("cpu")), rank, ranks), steps)
        shares.append(draw((12 * steps // ranks, 3), rng, torch.device("cpu")).unflatten(0, (-1, steps)))
    put = torch.stack(shares, dim=1).flatten(0, 2)
    assert torch.equal(put, whole)
