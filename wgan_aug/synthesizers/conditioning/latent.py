"""Candidates that meet conditions: noise for which the generator gives them, found by chance and then walked on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from wgan_aug.encoding.table import EncodedTable
from wgan_aug.networks.tables import TableGenerator
from wgan_aug.schema.layout import TableLayout
from wgan_aug.synthesizers.conditioning.regions import Region
from wgan_aug.training.data import ranks

__all__ = ["LatentDraws"]

ROWS = 1_024  # in one pass of the generator
ENOUGH = 600  # rows found by chance before noise is walked on from them
MOST_DRAWS = 300_000  # drawn by chance at most, as long as there are some
FRUITLESS = 150_000  # and as long as there are none
FREQUENT = 0.35  # conditions that hold this often are left to chance alone
DRAWS = 8_192  # by chance at once
CHAINS = 4_096
BURN_IN = 4  # moves, on the mean, before a walk's rows count
WANTED_RATE = 0.55  # of moves


class LatentDraws:
    r"""Draws rows of the generator that meet conditions, from the very distribution that keeping such rows gives.

    Noise z has the density $N(z) \, p(z)$, where p is the chance that the generator's row for z meets the conditions.
    It is drawn by keeping plain noise with chance p(z), and, where that is rarely, by walking on from what was kept:
    a step $z' = \sqrt{1 - s^2} z + s \xi$ with $\xi \sim N(0, 1)$ is taken with chance $\min(1, p(z') / p(z))$, which
    leaves that density as it is. Each row that is given comes from noise of its own.

    Args:
        generator: the network; it is told nothing.
        layout: blocks and scalars of a row.
        regions: what has to hold, a region a column.
        rng: draws everything.

    References:
        Cotter et al. 2013, MCMC Methods for Functions: Modifying Old Algorithms to Make Them Faster, arXiv 1202.0709.
    """

    def __init__(
        self, generator: TableGenerator, layout: TableLayout, regions: Sequence[Region], rng: torch.Generator
    ) -> None:
        self.generator, self.layout, self.regions, self.rng = generator, layout, list(regions), rng
        self.drawn = self.met = 0
        self._noise, self._chance = torch.empty(0), torch.empty(0)
        self._found: list[Tensor] = []
        self._size = 0.5
        columns = [feature for region in self.regions for feature in region.features(layout)]
        self._columns = torch.tensor(columns, dtype=torch.int64, device=rng.device)

    @property
    def acceptance(self) -> float:
        """The share of rows drawn by chance that met the conditions."""
        return self.met / self.drawn if self.drawn else 1.0

    @torch.inference_mode()
    def __call__(self, rows: int) -> EncodedTable:
        """Return so many rows that meet the conditions; fewer only if none come up among very many."""
        parts: list[EncodedTable] = []
        found = 0
        while found < rows:
            raw = self._step() if len(self._noise) else self._by_chance()
            if raw is None:
                break
            parts.append(self._codes(raw[: rows - found]))
            found += len(parts[-1])
        return EncodedTable.join([self._codes(torch.empty(0, self.layout.n_features, device=self.rng.device)), *parts])

    def _by_chance(self) -> Tensor | None:
        """Return rows of plain noise that meet the conditions; None if there are none."""
        if self.drawn >= (MOST_DRAWS if self.met else FRUITLESS):
            if not self.met:
                return None
            self._start()
            return self._step()
        noise = self._normal(DRAWS)
        hidden, chance = self._look(noise)
        kept = torch.rand(len(chance), generator=self.rng, device=self.rng.device) < chance
        self.drawn, self.met = self.drawn + len(noise), self.met + int(kept.sum())
        if self.acceptance < FREQUENT:
            self._found.append(noise[kept])
            if self.met >= ENOUGH:
                self._start()
        return self._raw(hidden[kept])

    def _start(self) -> None:
        """Begin to walk from the noise that was found."""
        found = torch.cat(self._found)
        self._noise = found.repeat(math.ceil(CHAINS / len(found)), 1)[:CHAINS]
        self._chance = self._look(self._noise)[1]
        moves = 0.0
        for _ in range(10 * BURN_IN):
            moves += float(self._walk()[1].to(torch.float64).mean())
            if moves >= BURN_IN:
                break

    def _step(self) -> Tensor:
        """Walk one step; return the raw rows of those that moved."""
        hidden, taken = self._walk()
        return self._raw(hidden[taken])

    def _walk(self) -> tuple[Tensor, Tensor]:
        """Walk one step; return what the output layer sees of the proposals, and which of them were taken."""
        moved = math.sqrt(1 - self._size**2) * self._noise + self._size * self._normal(len(self._noise))
        hidden, chance = self._look(moved)
        taken = torch.rand(len(chance), generator=self.rng, device=self.rng.device) * self._chance < chance
        self._noise = torch.where(taken[:, None], moved, self._noise)
        self._chance = torch.where(taken, chance, self._chance)
        rate = float(taken.to(torch.float64).mean())
        self._size = min(0.9, max(0.02, self._size * math.exp(rate - WANTED_RATE)))
        return hidden, taken

    def _look(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the output layer sees, and the chance that the conditions hold."""
        seen: list[Tensor] = []
        chances: list[Tensor] = []
        for part in noise.split(ROWS):
            hidden = self.generator.hidden(part)
            raw = hidden.new_zeros(len(part), self.layout.n_features)
            raw[:, self._columns] = self.generator.features(hidden, self._columns)
            chances.append(self._impose(raw))
            seen.append(hidden)
        return torch.cat(seen), torch.cat(chances)

    def _raw(self, hidden: Tensor) -> Tensor:
        """Return raw rows on which the conditions are imposed."""
        raw = self.generator.features(hidden)
        self._impose(raw)
        return raw

    def _impose(self, raw: Tensor) -> Tensor:
        chance = torch.ones(len(raw), dtype=raw.dtype, device=raw.device)
        for region in self.regions:
            chance *= region.impose(raw, self.layout)
        return chance

    def _codes(self, raw: Tensor) -> EncodedTable:
        drawn = [self.generator.head.choose(part, self.rng) for part in raw.split(ROWS)]
        states = torch.cat([state for state, _ in drawn]).cpu().numpy()
        code = ranks(torch.cat([scalars for _, scalars in drawn]), self.layout).cpu().numpy().astype(np.float64)
        return EncodedTable(states, code, code)

    def _normal(self, rows: int) -> Tensor:
        return torch.randn(rows, self.generator.noise_dim, generator=self.rng, device=self.rng.device)
