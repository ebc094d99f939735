"""What the synthesizers of tables and of sequences have in common: options, progress, history, models on disk."""

from __future__ import annotations

import numbers
import sys
import warnings
from collections.abc import Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from wgan_aug.errors import DataWarning, InvalidParameterError, ModelFormatError, check_option_names, join_problems
from wgan_aug.losses.objectives import penalises_rows
from wgan_aug.networks.architectures import wrong_architecture
from wgan_aug.networks.dense import wrong_norm
from wgan_aug.persistence import read_folder, write_folder
from wgan_aug.synthesizers.card import About, write_card
from wgan_aug.synthesizers.checks import check_loss, find_seed, not_a_number, not_a_switch, not_among
from wgan_aug.synthesizers.history import draw_history
from wgan_aug.synthesizers.params import check_given
from wgan_aug.synthesizers.presets import Preset, find_preset
from wgan_aug.synthesizers.refinement.refiner import Refinement
from wgan_aug.synthesizers.running import Running, held_out, seconds_of
from wgan_aug.synthesizers.streams.manifest import Manifest, conditions_to_json, fingerprint
from wgan_aug.synthesizers.streams.run import Drawn, Source, Streaming, draw_into
from wgan_aug.training.callbacks import Callback, Progress
from wgan_aug.training.devices import PRECISIONS, find_device
from wgan_aug.training.loop import History
from wgan_aug.training.state import TrainingSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GANSynthesizer", "as_before_on_failure", "training_settings"]


class GANSynthesizer(BaseEstimator):
    """The face of every synthesizer; a subclass says what it learns, and how it is written down.

    A subclass has the options `loss`, `architecture`, `critic_norm`, `preset`, `epochs`, `max_time`, `early_stopping`,
    `patience`, `evaluate_every`, `validation_fraction`, `device`, `precision`, `random_state` and `verbose`, and the
    attributes that the class variables name.
    """

    presets: ClassVar[Mapping[str, Preset]]
    """What `preset` may be."""
    row_shape: ClassVar[tuple[int, ...]]
    """The shape of the rows that a user's own objective is tried on."""
    over_preset: ClassVar[tuple[str, ...]]
    """Options that win over the preset's field of the same name, unless they are None."""
    fewest_to_refine: ClassVar[str]
    """What it takes at least to learn to refine, in words."""

    plan_: Any
    generator_: Any
    refiner_: Any
    history_: pd.DataFrame
    evaluations_: pd.DataFrame
    seed_: int
    updates_: int

    def set_params(self, **params: Any) -> Self:
        """Set options by name.

        Raises:
            UnknownOptionError: for a name that does not exist, with the nearest one that does.
        """
        check_option_names(type(self).__name__, params, self.get_params(deep=False))
        return super().set_params(**params)

    def _check_options(self) -> Preset:
        """Return the preset with the given options in it; raise for all mistakes at once."""
        options = self.get_params(deep=False)
        problems: list[str] = []
        for check in (
            lambda: check_loss(options["loss"], options["gp_weight"], self.row_shape),
            lambda: find_preset(options["preset"], self.presets),
            lambda: seconds_of(options["max_time"]),
        ):
            try:
                check()
            except InvalidParameterError as error:
                problems.append(str(error))
        problems += wrong_architecture(options["architecture"], options)
        problems += wrong_norm(options["critic_norm"], by_rows=penalises_rows(options["loss"]))
        problems += self._wrong_options()
        problems += not_among("precision", options["precision"], PRECISIONS)
        problems += not_a_number("epochs", options["epochs"], above=0)
        problems += not_a_number("batch_size", options["batch_size"], above=0, whole=True)
        problems += not_a_number("n_critic", options["n_critic"], above=0, whole=True)
        problems += not_a_number("gp_weight", options["gp_weight"], above=0, equal=True)
        problems += not_a_number("learning_rate", options["learning_rate"], above=0)
        problems += not_a_number("balance", options["balance"], above=0, equal=True, most=1)
        problems += not_a_switch("relations", options["relations"])
        problems += not_a_switch("early_stopping", options["early_stopping"])
        problems += not_a_number("patience", options["patience"], above=0, whole=True)
        problems += not_a_number("evaluate_every", options["evaluate_every"], above=0, whole=True)
        problems += not_a_number("validation_fraction", options["validation_fraction"], above=0, most=0.5)
        if not isinstance(options["verbose"], bool):
            problems += not_a_number("verbose", options["verbose"], above=0, whole=True, equal=True)
        if problems:
            raise InvalidParameterError(join_problems(problems))
        given = {name: options[name] for name in self.over_preset}
        plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in given.items()}
        return find_preset(options["preset"], self.presets, options["loss"]).with_given(plain)

    def _wrong_options(self) -> list[str]:
        """Say what is wrong with the options that this synthesizer alone has."""
        return []

    @contextmanager
    def _running(
        self, callbacks: Sequence[Callback], checkpoint: str | Path | None, every: float, resume: bool
    ) -> Generator[Running]:
        """Run one call of `fit`: the model is as it was if it fails."""
        verbose: int = self.get_params(deep=False)["verbose"]
        heard = [*callbacks, *([_Reporter(self, verbose)] if verbose else [])]
        with (
            as_before_on_failure(self),
            Running.open(find_device(self.get_params(deep=False)["device"]), heard, checkpoint, every, resume) as run,
        ):
            yield run

    def _remember_history(self, history: History, after: Self | None = None) -> None:
        """Keep the figures of updates and evaluations, after those of a model that was gone on with."""
        figures = pd.DataFrame(history.table(), columns=pd.Index(list(history.names)))
        evaluations = _evaluations_frame(history.evaluations, history.chosen)
        done = 0 if after is None else after.updates_
        figures.insert(0, "update", np.arange(done + 1, done + 1 + len(figures)))
        evaluations["update"] += done
        if after is not None:
            figures = pd.concat([after.history_, figures], ignore_index=True)
            earlier = after.evaluations_.assign(chosen=False)
            evaluations = pd.concat([earlier, evaluations], ignore_index=True) if len(earlier) else evaluations
        self.history_, self.evaluations_, self.updates_ = figures, evaluations, len(figures)

    @property
    def refinement_(self) -> Refinement | None:
        """What refining does to samples; None where there is no refining."""
        check_is_fitted(self)
        return None if self.refiner_ is None else self.refiner_.report

    def _tell_of_refining(self) -> None:
        """Write on stderr what refining learned, where it did and `verbose` asks for it."""
        if self.refiner_ is not None and self.get_params(deep=False)["verbose"]:
            sys.stderr.write(f"{self.refiner_.report.describe()}\n")

    def _check_draw(self, option: str, count: Any, refine: Any) -> None:
        """Refuse what is no number of what is to be drawn, by its option's name, and refining that was not learned."""
        problems = not_a_number(option, count, above=0, whole=True, equal=True, optional=False)
        problems += not_a_switch("refine", refine)
        if refine and self.refiner_ is None:
            problems.append(
                "refine is True, but this model has not learned to refine: fit with refine=True, and at least "
                f"{self.fewest_to_refine}."
            )
        if problems:
            raise InvalidParameterError(join_problems(problems))

    def _sampling_seed(self, random_state: Any) -> int:
        if random_state is not None:
            return find_seed(random_state)
        own = self.get_params(deep=False)["random_state"]
        return self.seed_ if isinstance(own, numbers.Integral) else find_seed(own)

    def get_loss_values(self) -> pd.DataFrame:
        """Return generator and critic loss by update, in the columns that users of CTGAN know."""
        check_is_fitted(self)
        names = {"update": "Epoch", "generator_loss": "Generator Loss", "critic_loss": "Discriminator Loss"}
        return self.history_.rename(columns=names)[list(names.values())]

    def plot_history(self, ax: Axes | None = None) -> Axes:
        """Draw Wasserstein estimate, losses and evaluations over updates, see `draw_history`.

        Args:
            ax: axes to divide into panels; those of a new figure where None.

        Returns:
            the first panel; its `figure` has `savefig`.

        Raises:
            NotFittedError: before `fit`.
            MissingExtraError: without matplotlib.
        """
        check_is_fitted(self)
        return draw_history(self.history_, self.evaluations_, ax)

    def _draw_into(
        self,
        output: str | Path,
        source: Source,
        seed: int,
        conditions: Mapping[Hashable, Any],
        refine: bool,
        streaming: Streaming,
    ) -> Drawn:
        """Draw a sample into a folder, part by part."""
        rows, rows_a_part = source.size
        manifest = Manifest(
            n=rows,
            seed=seed,
            rows_a_part=rows_a_part,
            format=streaming.get("format", "parquet"),
            model=fingerprint(self._document()),
            device=next(self.generator_.parameters()).device.type,
            conditions=conditions_to_json(conditions),
            refine=refine,
        )
        return draw_into(output, source, manifest, streaming)

    # ---- models on disk

    def _document(self) -> dict[str, Any]:
        """Return the fitted synthesizer as nested JSON and arrays."""
        raise NotImplementedError

    @classmethod
    def _from_document(
        cls, document: Mapping[str, Any], place: torch.device, device: str | torch.device, architecture: Any
    ) -> Self:
        """Read what `_document` wrote; networks are put in a place, and the rest are the constructor's options."""
        raise NotImplementedError

    def _about(self) -> About:
        """Return what a model card says of this kind of model."""
        raise NotImplementedError

    def model_card(self) -> str:
        """Return what `save` writes as `MODEL_CARD.md`, in Markdown: what the model is, learned from and is good for.

        It names columns and shows counts, settings and figures of training, and no cell of the data.

        Raises:
            NotFittedError: before `fit`.
        """
        check_is_fitted(self)
        return write_card(self, self._about())

    def save(self, path: str | Path) -> None:
        """Save the model as a folder of JSON and safetensors, whole or not at all; an earlier model is replaced.

        Beside them stand its history, `history.csv`, and its card, `MODEL_CARD.md`, for people: what they hold does not
        matter to `load`.

        Raises:
            NotFittedError: before `fit`.
            OutputExistsError: if something that is no model is in the way.
        """
        check_is_fitted(self)
        told = {"history.csv": self.history_.to_csv(index=False), "MODEL_CARD.md": self.model_card()}
        write_folder(path, self._document(), told)

    @classmethod
    def load(cls, path: str | Path, device: str | torch.device = "auto", *, architecture: Any = None) -> Self:
        """Load a saved model, on any device.

        Args:
            path: the folder.
            device: the option of that name.
            architecture: the networks of a model that was fitted with some of your own: a folder has their weights, and
                runs no code.

        Raises:
            FileNotFoundError: if there is nothing.
            InvalidParameterError: for an architecture that is lacking, not needed, or not that of the model.
            ModelFormatError: if the folder is no model, is damaged, was edited, or is from a newer version.
        """
        document = read_folder(path)
        if document.get("class") != cls.__name__:
            raise ModelFormatError(f"{path} holds a {document.get('class')!r}, not a {cls.__name__}.")
        place = find_device(device)
        check_given(path, document, architecture)
        try:
            return cls._from_document(document, place, device, architecture)
        except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
            if architecture is not None and isinstance(error, InvalidParameterError):
                raise
            raise ModelFormatError(f"{path} cannot be read: {type(error).__name__}: {error}.") from error


def training_settings(preset: Preset, rows: int, features: int, options: Mapping[str, Any]) -> TrainingSettings:
    """Return how to train on some rows; a batch size that was asked for and is too large is warned of.

    Args:
        preset: with the given options in it.
        rows: rows, or sequences, that there are.
        features: width of a row as the critic sees it.
        options: the synthesizer's, by name; `epochs`, `batch_size`, `max_time`, `precision`
            and `early_stopping` count here.
    """
    rows -= held_out(rows, options)
    batch_size = options["batch_size"]
    if batch_size is not None and preset.batch_size > rows:
        warnings.warn(
            f"batch_size is {preset.batch_size}, but there are {rows} rows: batches have {rows}.",
            DataWarning,
            stacklevel=4,
        )
    return TrainingSettings(
        updates=preset.count_updates(rows, features, options["epochs"]),
        batch_size=min(preset.batch_size, rows),
        n_critic=preset.n_critic,
        learning_rate=preset.learning_rate,
        critic_learning_rate=preset.learning_rate * preset.critic_rate_factor,
        betas=preset.betas,
        optimiser=preset.optimiser,
        decay=preset.decay,
        ema_decay=preset.ema_decay,
        share_rows=preset.share_rows,
        max_seconds=seconds_of(options["max_time"]),
        precision=options["precision"],
    )


def _evaluations_frame(evaluations: Sequence[Mapping[str, float]], chosen: int | None) -> pd.DataFrame:
    """Return evaluations as a frame, one row each, with whether its model was kept."""
    frame = pd.DataFrame(list(evaluations), columns=None if evaluations else pd.Index(["update", "score"]))
    return frame.astype({"update": np.int64}).assign(chosen=frame["update"] == chosen)


@contextmanager
def as_before_on_failure(model: object) -> Generator[None]:
    """Put a model's attributes back as they were if what follows fails or is interrupted."""
    before = dict(vars(model))
    try:
        yield
    except BaseException:
        vars(model).clear()
        vars(model).update(before)
        raise


class _Reporter(Callback):
    """Writes on stderr what `verbose` asks for."""

    def __init__(self, model: GANSynthesizer, verbose: int) -> None:
        self.model, self.verbose, self.tenths = model, verbose, 0

    def on_start(self, progress: Progress) -> None:
        """Write the plan."""
        self.tenths = int(10 * progress.share)
        sys.stderr.write(f"{self.model.plan_.describe()}\n")

    def on_step(self, progress: Progress) -> None:
        """Write the figures, ten times or always."""
        tenths = int(10 * progress.share)
        if self.verbose > 1 or tenths > self.tenths:
            self.tenths = tenths
            _write(progress, progress.figures)

    def on_evaluate(self, progress: Progress) -> None:
        """Write the scores."""
        _write(progress, {name: value for name, value in progress.scores.items() if name != "update"})


def _write(progress: Progress, figures: Mapping[str, float]) -> None:
    told = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
    sys.stderr.write(f"update {progress.update}/{progress.updates}: {told}\n")
