"""Rows of which some cells are known: the generator draws the others, and the likely ones are kept."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from wgan_aug.encoding.table import EncodedTable
from wgan_aug.errors import InvalidParameterError
from wgan_aug.networks.tables import TableGenerator
from wgan_aug.schema.layout import TableLayout
from wgan_aug.synthesizers.balance import Balance
from wgan_aug.synthesizers.conditioning.telling import Told
from wgan_aug.synthesizers.refinement.refiner import CANDIDATES, PATIENCE, Refiner
from wgan_aug.training.data import DeviceTable, ranks

__all__ = ["Completer", "check_told"]

_ROWS = 1_024  # rows in one pass of the generator
_MOST_TURNS = 8  # candidates for each row at once


def check_told(generator: TableGenerator, preset: str) -> None:
    """Refuse a generator that a preset has not taught to complete rows."""
    if not generator.told:
        raise InvalidParameterError(
            f"This model was fitted with preset={preset!r} and has not learned to complete rows; fit with 'fast', "
            "'balanced' or 'best'."
        )


@dataclasses.dataclass(frozen=True)
class Completer:
    """Draws the units of rows that are not told.

    Args:
        generator: a network that can be told units.
        layout: blocks and scalars of a row.
        balance: what training did to rare states, and keeping has to undo; None for nothing.
        refiner: knows which rows are likely; None where all are taken.
    """

    generator: TableGenerator
    layout: TableLayout
    balance: Balance | None
    refiner: Refiner | None

    @torch.inference_mode()
    def draw(self, told: Told, index: np.ndarray, rng: torch.Generator) -> EncodedTable:
        """Return one candidate for each of some rows, by their numbers, which may come more than once."""
        device, n_states = rng.device, self.layout.n_states
        table = DeviceTable(told.codes.states, told.codes.low, told.codes.high, self.layout, device)
        arrays = (told.revealed, told.banned, told.codes.states)
        revealed, banned, given = (torch.from_numpy(array).to(device) for array in arrays)
        states: list[np.ndarray] = []
        codes: list[np.ndarray] = []
        for rows in torch.from_numpy(index).to(device).split(_ROWS):
            noise = torch.randn(len(rows), self.generator.noise_dim, generator=rng, device=device)
            units = revealed[rows]
            known = units[:, self.generator.units]
            features = table.batch(rows, rng) * known
            raw = self.generator.raw(noise, torch.cat([features, units.to(features.dtype)], dim=1))
            state, scalars = self.generator.head.choose(raw, rng, banned[rows])
            state = torch.where(known[:, self.layout.starts], given[rows], state) if n_states else state
            scalars = torch.where(known[:, n_states:], features[:, n_states:], scalars)
            states.append(state.cpu().numpy())
            codes.append(ranks(scalars, self.layout).cpu().numpy().astype(np.float64))
        code = np.concatenate([np.zeros((0, self.layout.n_scalars)), *codes])
        none = np.zeros((0, self.layout.n_blocks), dtype=np.int64)
        return EncodedTable(np.concatenate([none, *states]), code, code)

    def complete(self, told: Told, rng: torch.Generator, keeping: np.random.Generator) -> EncodedTable:
        """Return every row with one candidate of its own: the first that is kept.

        A candidate is kept with the chance that refining gives it, without the raking factors of what is told. Where
        four times the expected number has not given a row one, the nearest miss is taken.

        Args:
            told: what is told of the rows.
            rng: draws candidates.
            keeping: decides who is kept.
        """
        rows = len(told.revealed)
        everyone = np.arange(rows)
        if self.refiner is None and self.balance is None:
            return self.draw(told, everyone, rng)
        kept = self.draw(told, everyone[:0], rng)
        kept = EncodedTable(*(np.zeros((rows, v.shape[1]), dtype=v.dtype) for v in vars(kept).values()))
        nearest = np.full(rows, np.inf)  # how far the row's candidate is from being kept; below 1: it is
        left, done = everyone, 0
        most = PATIENCE / (0.5 if self.refiner is None else self.refiner.report.acceptance)
        while len(left) and done < most:
            turns = int(np.clip(CANDIDATES // len(left), 1, _MOST_TURNS))
            for part in np.array_split(left, -(-len(left) * turns // CANDIDATES)):
                index = np.repeat(part, turns)
                candidates = self.draw(told, index, rng)
                distance = keeping.random(len(index)) / self._chances(candidates, told, index)
                distance = distance.reshape(len(part), turns)
                first = np.where((distance < 1).any(axis=1), (distance < 1).argmax(axis=1), distance.argmin(axis=1))
                best = distance[np.arange(len(part)), first]
                better = best < nearest[part]
                chosen = (np.arange(len(part)) * turns + first)[better]
                for name, values in vars(candidates).items():
                    getattr(kept, name)[part[better]] = values[chosen]
                nearest[part[better]] = best[better]
            left, done = left[nearest[left] >= 1], done + turns
        return kept

    def _chances(self, candidates: EncodedTable, told: Told, index: np.ndarray) -> np.ndarray:
        chances = np.ones(len(index))
        if self.refiner is not None:
            chances *= self.refiner.chances(candidates, told.revealed[index][:, self._units()])
        if self.balance is not None:
            chances *= self.balance.floor / self.balance.weights(candidates.states)
        return chances

    def _units(self) -> np.ndarray:
        """Return the unit of each block and of each scalar."""
        units = self.generator.units.cpu().numpy()
        return np.append(units[self.layout.starts], units[self.layout.n_states :])
