"""What is said once a sequence: keys, labels, static columns, where time begins, and how many steps there are."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
import torch

from wgan_aug.encoding.table import EncodedTable, TableEncoder
from wgan_aug.errors import DataWarning, InvalidParameterError, join_problems
from wgan_aug.schema.inference import infer_schema
from wgan_aug.schema.values import value_from_json, value_to_json
from wgan_aug.synthesizers.checks import warn_of
from wgan_aug.synthesizers.conditions import describe_conditions, which_hold
from wgan_aug.synthesizers.document import from_document, to_document
from wgan_aug.synthesizers.features import encode_known
from wgan_aug.synthesizers.filters.filters import number_rows
from wgan_aug.synthesizers.parts import to_device
from wgan_aug.synthesizers.possible import why_impossible
from wgan_aug.synthesizers.table import WGANGPSynthesizer

__all__ = ["Statics"]

_MOST_DRAWS = 2_000_000  # rows drawn before conditions count as too rare
_FRUITLESS = 100_000  # rows drawn without a single one in which conditions hold
_DRAW = 16_384  # rows at once


class Statics:
    """A table with one row a sequence.

    One column is drawn from its own distribution; several are learned by a `WGANGPSynthesizer`; a key is never
    learned, and comes back as fresh identifiers.

    Args:
        key: the column of keys, None for none.
        keys: makes fresh keys.
        encoder: of all other columns.
        model: draws them; None for one column or none.
    """

    def __init__(
        self, key: Hashable | None, keys: TableEncoder | None, encoder: TableEncoder, model: WGANGPSynthesizer | None
    ) -> None:
        self.key, self.keys, self.encoder, self.model = key, keys, encoder, model

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        key: Hashable | None,
        overrides: Mapping[Hashable, Any],
        build: Callable[[], WGANGPSynthesizer],
        training: Mapping[str, Any] | None,
    ) -> Self:
        """Learn from one row a sequence.

        Args:
            frame: the rows.
            key: the column of keys, None for none.
            overrides: kinds by column.
            build: makes an unfitted synthesizer of tables.
            training: what its `fit` is called with, beside the rows; None leaves several columns unlearned, for a plan.
        """
        keys = None
        rest = frame
        if key is not None:
            column = frame.loc[:, [name == key for name in frame.columns]]
            rest = frame.loc[:, [name != key for name in frame.columns]]
            keys = TableEncoder(infer_schema(column, {key: "identifier"}, [])).fit(column)
        schema = infer_schema(rest, dict(overrides), [])
        encoder = TableEncoder(schema, relations=True).fit(rest)
        learned = sum(bool(e.states) or e.silent is not None for e in encoder.encoders)
        if learned < 2:
            warn_of(schema)
            return cls(key, keys, encoder, None)
        model = build().set_params(schema=dict(overrides))
        if isinstance(model.numeric_encoding, Mapping):
            own = {name: curve for name, curve in model.numeric_encoding.items() if name in rest.columns}
            model.set_params(numeric_encoding=own)
        if training is None:
            return cls(key, keys, model.plan(rest).encoder, None)
        return cls(key, keys, model.fit(rest, **training).encoder_, model)

    def gone_on(self, frame: pd.DataFrame, training: Mapping[str, Any]) -> Statics:
        """Return statics whose networks, where there are some, were trained further on one row a sequence.

        Arguments as for `fit`. Those that are trained are a copy, so that this is as it was if their training fails.
        """
        if self.model is None:
            encode_known(self._without_key(frame), self.encoder)
            return self
        model = copy.copy(self.model).partial_fit(self._without_key(frame), **training)
        return Statics(self.key, self.keys, self.encoder, model)

    @property
    def names(self) -> list[Hashable]:
        """The columns that are learned."""
        return self.encoder.schema.names

    @property
    def width(self) -> int:
        """Numbers that say all of a row."""
        return self.encoder.layout.n_features

    def features(self, frame: pd.DataFrame) -> np.ndarray:
        """Return rows as numbers: one-hot states, and scores of numbers, float32, shape (rows, width)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # a drawn sum that was cut off at its bounds breaks its rule
            codes = self.encode(frame)
        table = to_device(codes, self.encoder.layout, torch.device("cpu"))
        return table.middle(torch.arange(len(frame))).numpy()

    def encode(self, frame: pd.DataFrame) -> EncodedTable:
        """Return the codes of rows."""
        return self.encoder.transform(self._without_key(frame))

    def _without_key(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.loc[:, [self.key is None or name != self.key for name in frame.columns]]

    def sample(self, rows: int, seed: int, conditions: Mapping[Hashable, Any], first: int = 0) -> pd.DataFrame:
        """Draw rows in which conditions hold, by rejection.

        Args:
            rows: how many.
            seed: of the draw.
            conditions: by column, see `which_hold`.
            first: the number of the first row, for keys and identifiers.

        Raises:
            InvalidParameterError: for values that a column cannot have; if too few rows that meet the conditions come
                up among very many.
        """
        problems = why_impossible(self.encoder, conditions)
        if problems:
            raise InvalidParameterError(join_problems(problems))
        kept: list[pd.DataFrame] = []
        found = drawn = part = 0
        while found < rows or not kept:
            rate = max(found, 0.5) / drawn if drawn else 1.0
            size = min(_DRAW, int(1.2 * (rows - found) / rate) + 16) if conditions else rows
            frame = self._draw(size, seed, part)
            frame = frame[which_hold(frame, conditions)] if conditions else frame
            kept.append(frame)
            found, drawn, part = found + len(frame), drawn + size, part + 1
            if found < rows and drawn > (_MOST_DRAWS if found else _FRUITLESS):
                raise InvalidParameterError(
                    f"conditions ({describe_conditions(conditions)}) hold in {found} of {drawn} rows drawn, and {rows} "
                    "were asked for; ask for what the data have more of, or for fewer conditions."
                )
        whole = pd.concat(kept, ignore_index=True) if len(kept) > 1 else kept[0].reset_index(drop=True)
        whole = whole.iloc[:rows]
        if first or part > 1:  # each draw numbers its identifiers from 0
            whole = number_rows(whole, self.encoder, first, np.random.default_rng([seed, part]))
        if self.keys is None:
            return whole
        nothing = EncodedTable(*(np.zeros((rows, 0), dtype=np.int64) for _ in range(3)))
        fresh = self.keys.inverse_transform(nothing, np.random.default_rng([seed, rows]), first)
        out = pd.concat([fresh, whole], axis=1)
        out.columns = pd.Index([self.key, *whole.columns], dtype=object, tupleize_cols=False)
        return out

    def _draw(self, rows: int, seed: int, part: int) -> pd.DataFrame:
        rng = np.random.default_rng([seed, part])
        if self.model is not None:
            return self.model.sample(rows, random_state=int(rng.integers(2**31)))
        layout = self.encoder.layout
        shares = np.split(layout.frequencies, layout.starts[1:])
        states = [rng.choice(len(share), rows, p=share / share.sum()) for share in shares if len(share)]
        codes = rng.random((rows, layout.n_scalars))
        columns = np.stack(states, axis=1) if states else np.zeros((rows, 0), dtype=np.int64)
        return self.encoder.inverse_transform(EncodedTable(columns, codes, codes), rng)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back."""
        return {
            "key": value_to_json(self.key),
            "keys": None if self.keys is None else self.keys.to_json(),
            "encoder": None if self.model is not None else self.encoder.to_json(),
            "model": None if self.model is None else to_document(self.model),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], place: torch.device, device: str | torch.device) -> Self:
        """Read what `to_json` wrote; networks are put in a place, `device` is the constructor's option."""
        key = value_from_json(data["key"])
        keys = None if data["keys"] is None else TableEncoder.from_json(data["keys"])
        if data["model"] is None:
            return cls(key, keys, TableEncoder.from_json(data["encoder"]), None)
        model = from_document(WGANGPSynthesizer, data["model"], place, device)
        return cls(key, keys, model.encoder_, model)
