"""TensorBoard, MLflow and Weights & Biases, the real packages."""

from __future__ import annotations

import json
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wgan_aug import MLflowTracker, Progress, TensorBoardTracker, WandbTracker, WGANGPSynthesizer
from wgan_aug.errors import DataWarning, MissingExtraError, OutputExistsError, TrackerError
from wgan_aug.tracking import services

# what MLflow, wandb and what they stand on say of each other is not about us
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
needs_tensorboard, needs_mlflow, needs_wandb = (
    pytest.mark.skipif(find_spec(name) is None, reason=f"needs {name}") for name in ("tensorboard", "mlflow", "wandb")
)


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(folder))
    reader.Reload()
    return {tag: {e.step: e.value for e in reader.Scalars(tag)} for tag in reader.Tags()["scalars"]}


def texts(folder: Path) -> dict[str, str]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(folder))
    reader.Reload()
    tags = reader.Tags()["tensors"]
    return {tag: reader.Tensors(tag)[-1].tensor_proto.string_val[0].decode() for tag in tags}


@needs_tensorboard
def test_tensorboard_reads_figures_scores_options_and_status(
    tmp_path: Path, frame: pd.DataFrame, judged: WGANGPSynthesizer
) -> None:
    judged.fit(frame, callbacks=[TensorBoardTracker(tmp_path / "runs")])
    found = scalars(tmp_path / "runs")
    assert list(found["training/wasserstein"]) == [50, 100, 130]
    mean = judged.history_["wasserstein"].iloc[:50].mean()
    assert found["training/wasserstein"][50] == pytest.approx(mean, rel=1e-5)
    assert list(found["held_out/score"].values()) == pytest.approx(judged.evaluations_["score"].tolist(), rel=1e-5)
    told = texts(tmp_path / "runs")
    assert "| batch_size | 20 |" in told["options/text_summary"]
    assert told["status/text_summary"] == "finished"


@needs_tensorboard
def test_tensorboard_forgets_what_a_resumed_training_does_again(tmp_path: Path) -> None:
    first = TensorBoardTracker(tmp_path)
    first.on_start(Progress(0, 200))
    for update in (50, 100):
        first.on_step(Progress(update, 200, {"loss": 1.0}))
    first.on_end(Progress(100, 200, error=KeyboardInterrupt()))
    second = TensorBoardTracker(tmp_path)
    second.on_start(Progress(50, 200))
    for update in (100, 150):
        second.on_step(Progress(update, 200, {"loss": 2.0}))
    second.on_end(Progress(150, 200))
    assert scalars(tmp_path)["training/loss"] == {50: 1.0, 100: 2.0, 150: 2.0}


@needs_tensorboard
def test_tensorboard_needs_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputExistsError, match="is a file; TensorBoard's events need a folder"):
        TensorBoardTracker(tmp_path / "file")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for MLflow; making its database takes seconds, so it is made once."""
    return tmp_path_factory.mktemp("mlflow")


def runs(store: Path, experiment: str) -> list[Any]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{store / 'mlflow.db'}")
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    assert found.artifact_location.startswith(store.as_uri())
    return list(client.search_runs([found.experiment_id]))


@needs_mlflow
def test_mlflow_has_parameters_metrics_and_the_status(
    store: Path, frame: pd.DataFrame, judged: WGANGPSynthesizer
) -> None:
    import mlflow
    from mlflow.tracking import MlflowClient

    tracker = MLflowTracker(store, experiment="good", run_name="mine")
    judged.fit(frame, callbacks=[tracker])
    (run,) = runs(store, "good")
    assert (run.info.status, run.info.run_name, run.info.run_id) == ("FINISHED", "mine", tracker.run_id)
    assert (run.data.params["batch_size"], run.data.params["synthesizer"]) == ("20", "WGANGPSynthesizer")
    client = MlflowClient(tracking_uri=f"sqlite:///{store / 'mlflow.db'}")
    history = client.get_metric_history(run.info.run_id, "score")
    assert [(m.step, m.value) for m in history] == list(
        judged.evaluations_[["update", "score"]].itertuples(index=False)
    )
    assert [m.step for m in client.get_metric_history(run.info.run_id, "wasserstein")] == [50, 100, 130]
    assert mlflow.active_run() is None


@needs_mlflow
@pytest.mark.parametrize(("error", "status"), [(ValueError("nan"), "FAILED"), (KeyboardInterrupt(), "KILLED")])
def test_mlflow_is_told_of_a_bad_end_and_goes_on_with_a_run(store: Path, error: BaseException, status: str) -> None:
    tracker = MLflowTracker(store, experiment=status)
    tracker.on_start(Progress(0, 100, options={"constraints": "x" * 9000}))
    tracker.on_step(Progress(50, 100, {"loss": 1.0}))
    tracker.on_end(Progress(50, 100, error=error))
    (run,) = runs(store, status)
    assert run.info.status == status
    assert type(error).__name__ in run.data.tags["status"]
    again = MLflowTracker(store, experiment=status, run_id=tracker.run_id)
    again.on_start(Progress(50, 100))
    again.on_step(Progress(100, 100, {"loss": 2.0}))
    again.on_end(Progress(100, 100))
    (run,) = runs(store, status)
    assert (run.info.status, run.data.metrics["loss"]) == ("FINISHED", 2.0)


@needs_mlflow
def test_a_server_that_does_not_answer_is_an_error_before_training(
    frame: pd.DataFrame, model: WGANGPSynthesizer
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(TrackerError, match=rf"No MLflow server answers at {uri} .*; start it, or give a folder"):
        model.fit(frame, callbacks=[MLflowTracker(uri)])
    assert not hasattr(model, "generator_")


@needs_mlflow
def test_a_server_that_is_lost_ends_tracking_and_not_the_training(
    store: Path, frame: pd.DataFrame, model: WGANGPSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.tracking import MlflowClient

    def lost(*arguments: Any, **options: Any) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(MLflowTracker, "_keep_options", lambda self, options: None)
    monkeypatch.setattr(MlflowClient, "log_batch", lost)
    with pytest.warns(DataWarning, match="stopped tracking at update 50, and the training goes on .*gone") as told:
        model.fit(frame, callbacks=[MLflowTracker(store, experiment="lost")])
    assert len([w for w in told if w.category is DataWarning]) == 1
    assert model.updates_ == 130


@needs_wandb
def test_wandb_keeps_a_run_offline(
    tmp_path: Path, frame: pd.DataFrame, judged: WGANGPSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_SILENT", "true")
    judged.fit(frame, callbacks=[WandbTracker("tests", mode="offline", folder=tmp_path, run_id="mine")])
    (file,) = tmp_path.rglob("*mine*.wandb")
    raw = file.read_bytes()  # records of text, not packed
    for score in judged.evaluations_["score"]:
        assert json.dumps(score).encode() in raw
    for text in (b"WGANGPSynthesizer", b"validation_fraction", b"wasserstein", b'"finished"'):
        assert text in raw


@needs_wandb
def test_wandb_without_a_key_is_an_error_before_training(
    tmp_path: Path, frame: pd.DataFrame, model: WGANGPSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wandb

    def refuse(**options: Any) -> None:
        raise wandb.errors.UsageError("api_key not configured (no-tty).")

    monkeypatch.setattr(wandb, "init", refuse)
    with pytest.raises(TrackerError, match=r"does not begin a run: UsageError: api_key .* set WANDB_MODE=offline"):
        model.fit(frame, callbacks=[WandbTracker("tests", folder=tmp_path)])


@pytest.mark.parametrize(
    ("kind", "place", "package"),
    [(TensorBoardTracker, "runs", "tensorboard"), (MLflowTracker, "runs", "mlflow"), (WandbTracker, "x", "wandb")],
)
def test_a_missing_package_is_named_with_its_extra(
    kind: Any, place: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as error:
        kind(place)
    assert str(error.value) == f'{kind.__name__} needs {package}: pip install "wgan-aug[tracking]"'
