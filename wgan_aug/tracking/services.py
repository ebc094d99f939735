"""Figures of a training in TensorBoard, MLflow, and Weights & Biases."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from wgan_aug.errors import MissingExtraError, OutputExistsError, TrackerError
from wgan_aug.tracking.tracker import Status, Tracker, plain_options
from wgan_aug.training.callbacks import Progress

__all__ = ["MLflowTracker", "TensorBoardTracker", "WandbTracker"]

_ANSWER = 10.0  # seconds in which a server answers
_LONGEST = 500  # characters of a parameter that every MLflow takes
_GROUPS = {"step": "training", "evaluation": "held_out"}


class TensorBoardTracker(Tracker):
    """Write figures for TensorBoard: scalars `training/...` and `held_out/...` over updates; texts `options`, `status`.

    A resumed training goes on with the curves, and hides what came after the update that it goes on from. Give each
    training a folder of its own.

    Args:
        log_dir: the folder; made where it is not there.

    Raises:
        MissingExtraError: without tensorboard.
        OutputExistsError: if a file is in its place.
    """

    def __init__(self, log_dir: str | Path) -> None:
        _need("tensorboard", "TensorBoardTracker")
        self.log_dir = Path(log_dir)
        if self.log_dir.exists() and not self.log_dir.is_dir():
            raise OutputExistsError(f"{self.log_dir} is a file; TensorBoard's events need a folder.")
        self._writer: Any = None

    def _begin(self, progress: Progress) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        purge = progress.update + 1 if progress.update else None
        self._writer = SummaryWriter(str(self.log_dir), purge_step=purge)
        options = plain_options(progress.options).items()
        table = "".join(f"| {name} | {value} |\n" for name, value in options)
        self._writer.add_text("options", f"| option | value |\n|---|---|\n{table}", progress.update)
        self._writer.flush()

    def _log(self, update: int, figures: Mapping[str, float], event: Literal["step", "evaluation"]) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(f"{_GROUPS[event]}/{name}", value, update)
        self._writer.flush()

    def _finish(self, update: int, status: Status, error: BaseException | None) -> None:
        self._writer.add_text("status", _describe(status, error), update)
        self._writer.close()


class MLflowTracker(Tracker):
    """Log a training as a run of MLflow: options as parameters, figures and scores as metrics over updates.

    The run ends as `FINISHED`, `FAILED` or, after a signal, `KILLED`. Nothing global is set: another run may be active
    in the same process. A resumed training goes on with a run where its `run_id` is given; else it is a run of its own.

    Args:
        uri: the tracking server's, a database's such as `sqlite:///mlflow.db`, or a folder, in which a database
            `mlflow.db` is made; None for what MLflow itself is set to.
        experiment: its name; made where it is not there.
        run_name: the run's; MLflow finds one where it is None.
        run_id: of a run to go on with.

    Raises:
        MissingExtraError: without mlflow.

    Attributes:
        run_id: of the run, from the beginning of the training on.
    """

    _ends: Mapping[Status, str] = {"finished": "FINISHED", "failed": "FAILED", "stopped": "KILLED"}

    def __init__(
        self,
        uri: str | Path | None = None,
        *,
        experiment: str = "wgan-aug",
        run_name: str | None = None,
        run_id: str | None = None,
    ) -> None:
        _need("mlflow", "MLflowTracker")
        self.uri, self.experiment, self.run_name, self.run_id = uri, experiment, run_name, run_id
        self._client: Any = None

    def _begin(self, progress: Progress) -> None:
        """Find or make experiment and run.

        Raises:
            TrackerError: if the server does not answer within 10 seconds, or refuses.
        """
        uri, artifacts = _place(self.uri)
        _call(uri)
        from mlflow.tracking import MlflowClient

        try:
            self._client = MlflowClient(tracking_uri=uri)
            if self.run_id is None:
                found = self._client.get_experiment_by_name(self.experiment)
                number = (
                    found.experiment_id
                    if found is not None
                    else self._client.create_experiment(self.experiment, artifact_location=artifacts)
                )
                tags = {"mlflow.source.name": "wgan-aug", "resumed_at": str(progress.update)}
                self.run_id = self._client.create_run(number, run_name=self.run_name, tags=tags).info.run_id
                self._keep_options(plain_options(progress.options) | {"updates": progress.updates})
            else:
                self._client.update_run(self.run_id, status="RUNNING")
        except Exception as error:
            raise TrackerError(f"MLflow at {uri or 'its default place'} refuses: {_one_line(error)}") from error

    def _keep_options(self, options: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        parameters = [Param(name, str(value)[:_LONGEST]) for name, value in options.items()]
        self._client.log_batch(self.run_id, params=parameters)

    def _log(self, update: int, figures: Mapping[str, float], event: Literal["step", "evaluation"]) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        self._client.log_batch(self.run_id, metrics=[Metric(n, value, now, update) for n, value in figures.items()])

    def _finish(self, update: int, status: Status, error: BaseException | None) -> None:
        self._client.set_tag(self.run_id, "status", _describe(status, error))
        self._client.set_terminated(self.run_id, self._ends[status])


class WandbTracker(Tracker):
    """Log a training as a run of Weights & Biases: options as its config, figures and scores over updates.

    Where the service does not answer, `wandb` itself keeps what was logged, and sends it when it can; with
    `mode="offline"` it only keeps it. The run's exit code is 0 where the training ended well, else 1.

    Args:
        project: its name.
        run_name: the run's; the service finds one where it is None.
        run_id: of a run to go on with, as a resumed training does.
        mode: `"online"`, `"offline"` or `"shared"`; None for what `WANDB_MODE` says, else online.
        folder: where `wandb` keeps its files; None for `wandb` in the working folder.

    Raises:
        MissingExtraError: without wandb.
    """

    def __init__(
        self,
        project: str = "wgan-aug",
        *,
        run_name: str | None = None,
        run_id: str | None = None,
        mode: Literal["online", "offline", "shared"] | None = None,
        folder: str | Path | None = None,
    ) -> None:
        _need("wandb", "WandbTracker")
        self.project, self.run_name, self.run_id, self.folder = project, run_name, run_id, folder
        self.mode: Literal["online", "offline", "shared"] | None = mode
        self._run: Any = None

    def _begin(self, progress: Progress) -> None:
        """Begin a run.

        Raises:
            TrackerError: if there is no key, or the service does not answer in time.
        """
        import wandb

        try:
            self._run = wandb.init(
                project=self.project,
                name=self.run_name,
                id=self.run_id,
                resume=None if self.run_id is None else "allow",
                mode=self.mode,
                dir=self.folder,
                config=plain_options(progress.options) | {"updates": progress.updates},
                settings=wandb.Settings(console="off"),
                reinit="create_new",
            )
        except Exception as error:
            raise TrackerError(
                f"Weights & Biases does not begin a run: {_one_line(error)} Log in by 'wandb login', or set "
                "WANDB_MODE=offline to keep the run here."
            ) from error

    def _log(self, update: int, figures: Mapping[str, float], event: Literal["step", "evaluation"]) -> None:
        self._run.log(dict(figures), step=update)

    def _finish(self, update: int, status: Status, error: BaseException | None) -> None:
        self._run.summary["status"] = _describe(status, error)
        self._run.finish(exit_code=0 if status == "finished" else 1)


def _need(package: str, what: str) -> None:
    if find_spec(package) is None:
        raise MissingExtraError(f'{what} needs {package}: pip install "wgan-aug[tracking]"')


def _describe(status: Status, error: BaseException | None) -> str:
    return status if error is None else f"{status}: {type(error).__name__}: {error}"


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _place(uri: str | Path | None) -> tuple[str | None, str | None]:
    """Return the address of a tracking store, and where its artifacts go; None for what MLflow finds itself."""
    if uri is None or "://" in str(uri) or str(uri).partition(":")[0] in ("databricks", "uc"):
        return None if uri is None else str(uri), None
    folder = Path(uri).resolve()
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(f"{folder} is a file; give MLflow a folder, or sqlite:///{folder} for a database.")
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri()


def _call(uri: str | None) -> None:
    """Refuse a server that does not answer: MLflow itself would try again for minutes."""
    if uri is None or not uri.startswith(("http://", "https://")):
        return
    try:
        urllib.request.urlopen(uri.rstrip("/") + "/health", timeout=_ANSWER).close()
    except urllib.error.HTTPError:  # an answer, if no kind one
        return
    except (OSError, ValueError) as error:
        raise TrackerError(
            f"No MLflow server answers at {uri} ({error}); start it, or give a folder instead, which needs none."
        ) from error
