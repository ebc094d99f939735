"""What `fit` does with a table that was read: its encoder, the training of its networks, what refining learns."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Self, cast

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.streaming.mapped import MappedCodes
from wgan_aug.encoding.table import EncodedTable, TableEncoder, check_numeric_encoding
from wgan_aug.errors import DataWarning, InvalidDataError
from wgan_aug.networks.tables import TableGenerator
from wgan_aug.schema.columns import TableSchema
from wgan_aug.schema.inference import Overrides, infer_schema, resolve_columns
from wgan_aug.synthesizers.balance import Balance
from wgan_aug.synthesizers.checks import append_target, warn_of
from wgan_aug.synthesizers.containers import Container, to_series
from wgan_aug.synthesizers.filters.filters import Filters
from wgan_aug.synthesizers.parts import (
    build_networks,
    draw_part,
    drawing_precision,
    learn_balance,
    learn_refiner,
    reveal,
    take_weights,
    to_device,
)
from wgan_aug.synthesizers.plan import Plan
from wgan_aug.synthesizers.presets import Preset
from wgan_aug.synthesizers.refinement.refiner import FEWEST_REAL, Refiner
from wgan_aug.synthesizers.running import Running
from wgan_aug.training.data import DeviceTable
from wgan_aug.training.devices import new_generator
from wgan_aug.training.loop import History
from wgan_aug.training.state import TrainingState

__all__ = ["Learning", "learn_encoder", "read_target"]

REFINING_ROWS = 200_000  # training rows that refining looks at, at most


def read_target(frame: pd.DataFrame, container: Container, y: Any, target: Any) -> tuple[pd.DataFrame, Container, Any]:
    """Return the frame with y as its last column, the container of both, and y's name; None where there is no y.

    Args:
        frame: the rows.
        container: what they came in.
        y: one further column, or None.
        target: its name, where it has none of its own.

    Raises:
        InvalidDataError: if y has another length, or the name of another column.
    """
    if y is None:
        return frame, container, None
    series, own = to_series(y)
    name: Any = next((name for name in (series.name, target) if name not in (None, "")), "y")
    container = container.beside(series.rename(name), own)
    return append_target(frame, series, name), container, name


def learn_encoder(
    frame: pd.DataFrame,
    preset: Preset,
    schema: Overrides | None,
    numeric_encoding: str | Mapping[Any, str],
    categorical: Mapping[str, Any],
    correct: Callable[[TableSchema], TableSchema] = lambda found: found,
) -> TableEncoder:
    """Return the encoder of a table.

    Args:
        frame: the rows.
        preset: with the given options in it.
        schema: kinds, as the synthesizer takes them.
        numeric_encoding: as the synthesizer takes it.
        categorical: columns to take as categories, by the option that names them.
        correct: gives the schema of the table, where the frame is a part of it.

    Raises:
        InvalidParameterError: for columns that the table does not have.
        InvalidDataError: for a table of which there is nothing to learn.
    """
    chosen = [name for option, columns in categorical.items() for name in resolve_columns(frame, columns, option)]
    check_numeric_encoding(numeric_encoding, list(frame.columns))
    found = correct(infer_schema(frame, schema, chosen))
    warn_of(found)
    encoding = preset.numeric_encoding if numeric_encoding == "auto" else numeric_encoding
    encoder = TableEncoder(found, encoding, relations=preset.relations).fit(frame)
    if encoder.layout.n_features == 0:
        raise InvalidDataError(
            "There is nothing to learn: every column is constant, missing or an identifier "
            f"({', '.join(f'{c.name!r}: {c.kind}' for c in found)})."
        )
    return encoder


@dataclasses.dataclass(frozen=True)
class Learning:
    """A table's training, ready to begin.

    Args:
        plan: what is to be done.
        target: the column that users predict; None for none.
        seed: of all random numbers.
        state: networks and optimisers.
        data: the rows, on the networks' device.
        balance: which rows are shown more often; None where all are shown alike.
        weights: of the rows, shape (rows,); None where all have the same.
        kept: codes of the rows that refining looks at; None where there is no refining.
        fingerprint: of encoder and codes, for checkpoints; empty where there are none.
    """

    plan: Plan
    target: Hashable | None
    seed: int
    state: TrainingState
    data: DeviceTable
    balance: Balance | None
    weights: torch.Tensor | None
    kept: EncodedTable | None
    fingerprint: str

    @classmethod
    def of(
        cls,
        plan: Plan,
        codes: EncodedTable | MappedCodes,
        target: Hashable | None,
        options: Mapping[str, Any],
        seed: int,
        device: torch.device,
        run: Running,
        onto: Any = None,
    ) -> Self:
        """Build the networks, or take those of a fitted model, and put them and encoded rows on a device.

        Args:
            plan: what is to be done.
            codes: of the rows.
            target: the column that users predict; None for none.
            options: the synthesizer's, by name; `architecture` and `critic_norm` count here.
            seed: of all random numbers.
            device: to train on.
            run: this call of `fit`.
            onto: a fitted synthesizer to go on with; None begins anew.
        """
        encoder, preset = plan.encoder, plan.preset
        balance = learn_balance(encoder, target, preset.balance)
        weights = None if balance is None else torch.from_numpy(balance.weights(codes.states))
        shares = encoder.layout.frequencies if balance is None else balance.shares(codes.states)
        generator, critic = build_networks(encoder, preset, options, seed)
        generator.start_at(shares)
        if onto is not None:
            take_weights(generator, onto.generator_.state_dict())
            take_weights(critic, onto.critic_.state_dict())
        rng = new_generator(seed, device)
        state = TrainingState(generator.to(device), critic.to(device), plan.settings, rng, run.ranks)
        data = reveal(to_device(codes, encoder.layout, device), encoder, preset.reveal, seed, run.ranks)
        kept = _some_rows(codes.sample, seed) if preset.refine else None
        fingerprint = run.fingerprint(lambda: {"encoder": encoder.to_json(), "arrays": codes.identity()})
        return cls(plan, target, seed, state, data, balance, weights, kept, fingerprint)

    def train(self, model: Any, run: Running) -> History:
        """Train the networks with a synthesizer's objective.

        Raises:
            TrainingError: if the losses stay non-finite.
        """
        plan, encoder = self.plan, self.plan.encoder

        def draw(generator: torch.nn.Module, rows: int) -> pd.DataFrame:
            return draw_part(cast(TableGenerator, generator), encoder, self.balance, None, self.seed, 0, 0, rows)

        return run.train(
            model,
            self.state,
            self.data,
            plan.preset,
            plan.settings,
            fingerprint=self.fingerprint,
            owners=encoder.feature_columns(),
            weights=self.weights,
            told=False,
            draw=draw,
        )

    def refine(self, filters: Filters, *, asked: bool) -> Refiner | None:
        """Return what refining learns of the trained generator's rows that pass filters; None for no refining.

        Where it was asked for and there are too few rows, there is a warning.
        """
        generator, encoder = cast(TableGenerator, self.state.average), self.plan.encoder
        refiner = None
        if self.kept is not None:
            precision = drawing_precision(generator, self.plan.settings.precision)
            refiner = learn_refiner(
                generator, encoder, self.balance, self.kept, self.target, self.seed, filters, precision
            )
        if asked and refiner is None:
            warnings.warn(
                f"refine is True, but there are {self.plan.rows} rows, and refining takes at least {FEWEST_REAL}: "
                "samples are as the generator draws them.",
                DataWarning,
                stacklevel=4,
            )
        return refiner


def _some_rows(codes: EncodedTable, seed: int) -> EncodedTable:
    """Return a copy of the codes, of a random part where there are very many."""
    rows = np.arange(len(codes))
    if len(rows) > REFINING_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, REFINING_ROWS, replace=False))
    return codes.take(rows)
