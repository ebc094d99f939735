"""Rows that meet conditions by column."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.ruled import RuledEncoder
from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import InvalidParameterError, join_problems
from wgan_aug.networks.tables import TableGenerator
from wgan_aug.schema.cells import put_rows
from wgan_aug.synthesizers.balance import Balance
from wgan_aug.synthesizers.conditioning.completing import Completer
from wgan_aug.synthesizers.conditioning.known import Known
from wgan_aug.synthesizers.conditioning.latent import LatentDraws
from wgan_aug.synthesizers.conditioning.regions import Region
from wgan_aug.synthesizers.conditioning.telling import tell
from wgan_aug.synthesizers.conditioning.values import GRID, Values, find_values, middles, restrict, root_of
from wgan_aug.synthesizers.conditions import describe_conditions, which_hold
from wgan_aug.synthesizers.refinement.refiner import Draw, Refiner

__all__ = ["Meeting"]

PILOT = 1_000  # candidates that say how refining goes on rows that meet the conditions
ROUNDS = 20  # times that rows which do not meet the conditions are drawn anew
LEAST_RATE = 0.1  # of rows that are expected to meet them
SPARSE = 500  # candidates for each that meets conditions which no code tells, at most


@dataclasses.dataclass(frozen=True)
class _Group:
    """Conditions on a column and on those that follow from it, the values in which they hold, and where these are."""

    conditions: dict[Hashable, Any]
    root: int
    values: Values | None
    region: Region | None


class Meeting:
    """Draws rows that meet conditions.

    Rows are drawn as always, but of noise for which the generator meets the conditions (`LatentDraws`); what no code
    can tell, conditions on sums, is found by keeping the rows in which it holds. Where the generator never meets the
    conditions by itself, it is told them (`Completer`), each drawn from its column's own distribution; such rows go
    beyond what was learned of conditions together.

    Args:
        generator: of rows.
        encoder: of the table.
        balance: gives rare states their true share back; None where training did not touch it.
        refiner: chooses among candidates; None takes all.
        conditions: by name, see `which_hold`.

    Raises:
        InvalidParameterError: for conditions that contradict each other.
    """

    def __init__(
        self,
        generator: TableGenerator,
        encoder: TableEncoder,
        balance: Balance | None,
        refiner: Refiner | None,
        conditions: Mapping[Hashable, Any],
    ) -> None:
        self.generator, self.encoder, self.balance, self.refiner = generator, encoder, balance, refiner
        self.conditions = dict(conditions)
        self.drawn = self.met = 0
        self.groups = list(self._find_groups())
        empty = [g for g in self.groups if g.values is not None and not len(g.values)]
        if empty:
            raise InvalidParameterError(
                join_problems([f"No value meets the conditions {describe_conditions(g.conditions)}." for g in empty])
            )

    def _find_groups(self) -> Iterator[_Group]:
        names = self.encoder.schema.names
        by_root: dict[int, dict[Hashable, Any]] = {}
        for name, wanted in self.conditions.items():
            by_root.setdefault(root_of(self.encoder, names.index(name)), {})[name] = wanted
        for root, conditions in by_root.items():
            values = restrict(self.encoder, root, conditions)
            region = None if values is None else Region.of(self.encoder, root, values)
            yield _Group(conditions, root, values, region)

    def _regions(self) -> list[Region]:
        """Return where the conditions hold, and where the columns are that rule conditioned ones as they ask."""
        found = [group.region for group in self.groups]
        for group in self.groups:
            own = self.encoder.encoders[group.root]
            if group.values is not None and isinstance(own, RuledEncoder):
                found.append(self._ruling_region(own, own.has_value(group.values.cells[group.root])))
        return [region for region in found if region is not None]

    def _ruling_region(self, own: RuledEncoder, wanted: np.ndarray) -> Region | None:
        """Return where a column is that rules another one, as all values that are wanted of that need it."""
        root = root_of(self.encoder, own.parent)
        ruling = find_values(self.encoder, root, middles(GRID))
        if ruling is None or own.parent not in ruling.cells or len(np.unique(wanted)) > 1:
            return None
        return Region.of(self.encoder, root, ruling.take(own.ruled(ruling.cells[own.parent]) == wanted[0]))

    @property
    def acceptance(self) -> float:
        """The share of the generator's rows that meet the conditions; 0 where none did and it was told them."""
        return self.met / self.drawn if self.drawn else 1.0

    def draw(self, rows: int, rng: torch.Generator, keeping: np.random.Generator) -> pd.DataFrame:
        """Return so many rows in which all conditions hold.

        Raises:
            InvalidParameterError: if none, or too few, come up among very many.
        """
        points = any(g.region is None and g.values is not None and not g.values.mass > 0 for g in self.groups)
        plain = LatentDraws(self.generator, self.encoder.layout, self._regions(), rng)
        told = points or not len(plain(1))
        if told and (not self.generator.told or any(g.values is None for g in self.groups)):
            raise self._too_rare(0, rows)
        make: Callable[[int], tuple[Known, EncodedTable]]
        if told:
            self.drawn += max(1, plain.drawn)
            make = partial(self._tell, rng, keeping)
        else:
            make = partial(self._choose, self._candidates(plain, keeping), keeping)
        parts: list[pd.DataFrame] = []
        found, rate = 0, 1.0
        for _ in range(ROUNDS):
            known, encoded = make(math.ceil((rows - found) / max(rate, LEAST_RATE)))
            frame = known.decode(encoded, keeping)
            fine = which_hold(frame, self.conditions) & ~known.wrong
            parts.append(frame[fine].iloc[: rows - found])
            found, rate = found + len(parts[-1]), float(fine.mean()) if len(fine) else 1.0
            if found == rows:
                if not told:
                    self.drawn, self.met = self.drawn + plain.drawn, self.met + plain.met
                return pd.concat(parts, ignore_index=True)
        raise self._too_rare(found, rows)

    # ---- rows of the generator's own

    def _candidates(self, plain: LatentDraws, keeping: np.random.Generator) -> Draw:
        """Return what draws rows that meet the conditions, as likely as real ones."""
        draw: Draw = plain
        if any(g.values is None for g in self.groups):
            draw = partial(self._holding, plain, keeping)
        if self.balance is not None:
            draw = partial(self.balance.thin, draw, rng=keeping)
        return draw if self.refiner is None else partial(self.refiner.for_part(draw(PILOT)).draw, draw, rng=keeping)

    def _holding(self, draw: Draw, keeping: np.random.Generator, rows: int) -> EncodedTable:
        """Return candidates in which conditions hold that no code tells."""
        parts = [draw(0)]
        found = drawn = 0
        while found < rows:
            candidates = draw(int(np.clip(1.2 * (rows - found) * max(drawn, 1) / max(found, 1), 256, 16_384)))
            fine = which_hold(self.encoder.inverse_transform(candidates, keeping), self.conditions)
            parts.append(candidates.take(fine))
            found, drawn = found + int(fine.sum()), drawn + len(candidates)
            if drawn > SPARSE * (found + 200):
                self.drawn, self.met = self.drawn + drawn, self.met + found
                raise self._too_rare(found, rows)
        return EncodedTable.join(parts).take(np.arange(rows))

    def _choose(self, draw: Draw, keeping: np.random.Generator, rows: int) -> tuple[Known, EncodedTable]:
        encoded = draw(rows)
        return self._members(encoded, keeping), encoded

    def _members(self, encoded: EncodedTable, keeping: np.random.Generator) -> Known:
        """Return the levels of pooled states of which some levels meet the conditions, and not all."""
        cells: dict[int, pd.Series] = {}
        masks: dict[int, np.ndarray] = {}
        for group in self.groups:
            if group.region is None or group.values is None or group.region.block is None:
                continue
            states = encoded.states[:, group.region.block]
            partly = np.flatnonzero((group.region.shares > 0) & (group.region.shares < 1))
            partly = partly[partly > 0] if group.region.scalar is not None else partly
            if not np.isin(states, partly).any():
                continue
            for state in np.unique(states):
                mask = states == state
                drawn = group.values.take(group.values.states == state).draw(len(states), keeping)
                for position in drawn:
                    known = masks.get(position, np.zeros(len(states), dtype=bool))
                    before = cells.get(position, drawn[position])
                    cells[position], masks[position] = put_rows(before, mask, drawn[position]), known | mask
        return Known(self.encoder, len(encoded), cells, masks)

    # ---- rows of a generator that is told

    def _tell(self, rng: torch.Generator, keeping: np.random.Generator, rows: int) -> tuple[Known, EncodedTable]:
        cells: dict[int, pd.Series] = {}
        for group in self.groups:
            if group.values is not None:
                cells |= group.values.draw(rows, keeping)
        known = Known.whole(self.encoder, rows, cells)
        completer = Completer(self.generator, self.encoder.layout, self.balance, self.refiner)
        return known, completer.complete(tell(known), rng, keeping)

    def _too_rare(self, found: int, rows: int) -> InvalidParameterError:
        known = [(g.conditions, g.values) for g in self.groups if g.values is not None]
        each = "; ".join(f"{describe_conditions(wanted)} in {values.mass:.2%}" for wanted, values in known)
        alone = f" Of the training rows, each holds alone: {each}." if each and len(self.groups) > 1 else ""
        return InvalidParameterError(
            f"conditions ({describe_conditions(self.conditions)}) hold in {found} rows of very many that were drawn, "
            f"and {rows} were asked for; ask for what the data have more of, or for fewer conditions.{alone}"
        )
