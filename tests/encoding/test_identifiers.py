"""Fresh identifiers: unique, in the pattern of the real ones, and none of the real ones."""

from __future__ import annotations

import itertools
import re
import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import through_json
from wgan_aug.encoding.fixed import IdentifierEncoder
from wgan_aug.encoding.identifiers import IdPattern
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.errors import InvalidDataError
from wgan_aug.schema.inference import infer_column, infer_schema

PATTERNS: dict[str, tuple[list[str], str]] = {
    "counted": ([f"C-{i:04d}" for i in range(500)], r"C-\d{4,}"),
    "long": ([f"{i * 7919 % 10**6:06d}-{i:010d}" for i in range(500)], r"\d{6,}-\d{10,}"),
    "uuid": (
        [str(uuid.UUID(int=i * 2**64 + i * i * 12345)) for i in range(1, 400)],
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    ),
    "letters": (
        ["".join(chr(97 + (i * p) % 26) for p in (1, 3, 5, 7, 11, 17, 19, 21)) for i in range(300)],
        r"[a-z]+\d*",
    ),
    "ragged": (["x" * (i % 60) + str(i) for i in range(300)], r"ID\d+"),
    "mails": ([f"user{i:03d}@example.org" for i in range(300)], r"user\d+@example\.org"),
}


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_new_ones_are_unique_fresh_and_in_the_pattern(name: str) -> None:
    real, regex = PATTERNS[name]
    rows = 1_000_000 if name == "counted" else 100_000
    made = IdPattern.fit(real).generate(range(rows))
    assert len(set(made)) == rows
    assert not set(made) & set(real)
    assert all(re.fullmatch(regex, identifier) for identifier in made[::1000])


def test_a_roomy_pattern_keeps_its_length_and_a_narrow_one_gets_longer() -> None:
    roomy = [f"{i:016x}" for i in np.random.default_rng(0).integers(0, 2**63, 200)]
    assert {len(i) for i in IdPattern.fit(roomy).generate(range(99))} == {16}
    narrow = [f"N{i:03d}" for i in range(200)] + [f"N{i:07d}" for i in range(5)]
    lengths = {len(i) for i in IdPattern.fit(narrow).generate(range(99))}
    assert len(lengths) == 1
    assert not lengths & {4, 8}


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(st.text("ab01-", min_size=1, max_size=4), min_size=1, max_size=40, unique=True),
    st.lists(st.integers(0, 5000), min_size=2, max_size=6, unique=True),
)
def test_ranges_that_do_not_overlap_never_collide(real: list[str], cuts: list[int]) -> None:
    pattern = IdPattern.fit(real)
    cuts = sorted(cuts)
    parts = [pattern.generate(range(a, b)) for a, b in itertools.pairwise(cuts)]
    made = np.concatenate(parts)
    assert len(set(made)) == cuts[-1] - cuts[0]
    np.testing.assert_array_equal(made, pattern.generate(range(cuts[0], cuts[-1])))


def test_past_its_capacity_a_pattern_still_gives_new_ones() -> None:
    pattern = IdPattern(("A", "01", "01"))
    made = pattern.generate(range(20))
    assert len(set(made)) == 20
    assert {len(i) for i in made} == {3, 4}


def test_nothing_is_kept_but_what_all_share() -> None:
    real = [f"K{i * 37 % 1000:03d}-{'AB'[i % 2]}" for i in range(100)]
    assert through_json(IdPattern.fit(real).to_json()) == {
        "alphabets": ["K", "0123456789", "0123456789", "0123456789", "-", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        + ["0123456789"] * 3
    }


def test_no_rows_give_no_identifiers() -> None:
    assert IdPattern.fit(["a1"]).generate(range(0)).shape == (0,)


@pytest.mark.parametrize("dtype", ["int16", "int64", "uint64", "Int64", "float64", "int64[pyarrow]", "object"])
def test_numbers_declared_as_identifiers_go_on_above_the_largest(dtype: str) -> None:
    frame = pd.DataFrame({"id": pd.Series([7, 3, 12], dtype=dtype), "x": [0.5, 1.5, 2.5]})
    encoder = TableEncoder(infer_schema(frame, {"id": "identifier"})).fit(frame)
    encoder = TableEncoder.from_json(through_json(encoder.to_json()))
    encoded = encoder.transform(frame)
    assert encoder.layout.n_features == 1
    first = encoder.inverse_transform(encoded)["id"]
    then = encoder.inverse_transform(encoded, first_row=3)["id"]
    assert first.dtype == frame["id"].dtype
    assert [*first, *then] == [13, 14, 15, 16, 17, 18]


@pytest.mark.parametrize(("dtype", "largest", "room"), [("int8", 120, 7), ("UInt8", 254, 1), ("int8[pyarrow]", 127, 0)])
def test_a_dtype_without_room_for_more_is_told(dtype: str, largest: int, room: int) -> None:
    series = pd.Series([1, largest], dtype=dtype, name="id")
    encoder = IdentifierEncoder(infer_column(series, "identifier")).fit(series)
    rng = np.random.default_rng(0)
    codes, _ = encoder.encode(series)
    assert len(encoder.decode(codes, range(room), rng)) == room
    with pytest.raises(InvalidDataError) as caught:
        encoder.decode(codes, range(room + 1), rng)
    assert str(caught.value) == (
        f"Column 'id' ({dtype}) has room for {room} identifiers above its largest one, {largest}, "
        f"but {room + 1} were asked for; give it a wider dtype."
    )


@pytest.mark.parametrize("missing", [None, np.nan])
def test_missing_identifiers_keep_their_share_and_their_value(missing: object) -> None:
    cells = [missing if i % 4 == 0 else f"K{i:05d}" for i in range(400)]
    series = pd.Series(np.array(cells, dtype=object), dtype=object, name="id")
    encoder = IdentifierEncoder(infer_column(series)).fit(series)
    out = encoder.decode(encoder.encode(series)[0], range(4000), np.random.default_rng(0))
    assert out.dtype == object
    assert out.isna().mean() == pytest.approx(0.25, abs=0.03)
    assert {type(v) for v in out[out.isna()]} == {type(missing)}
    assert out.dropna().is_unique


def test_identifiers_are_not_learned() -> None:
    frame = pd.DataFrame({"id": [f"u{i:04d}" for i in range(200)], "x": np.arange(200) / 7})
    encoder = TableEncoder(infer_schema(frame)).fit(frame)
    assert encoder.feature_columns() == ["x"]
