"""What the card of a model says where it learned sequences."""

from __future__ import annotations

from typing import Any

from wgan_aug.synthesizers.card import FEW_ROWS, About, list_columns, name_kinds
from wgan_aug.synthesizers.markdown import code, counted
from wgan_aug.synthesizers.sequences.plan import SequencePlan

__all__ = ["about_sequences"]


def about_sequences(model: Any) -> About:
    """Return what a card says of a model of sequences."""
    plan: SequencePlan = model.plan_
    statics, steps = plan.statics, plan.encoder
    count = statics.schema.n_rows
    unit = "sequences" if model.window is None else "windows"
    lengths = f"{plan.steps}" if plan.shortest == plan.steps else f"{plan.shortest} to {plan.steps}"
    roles = {
        "sequences are told apart by": model.container_.key,
        "times stand in": model.container_.index,
        "the target, which users of the data predict, is": model.target_name_,
    }
    told = [f"{role} {code(name)}" for role, name in roles.items() if name is not None]
    data = ["; ".join([f"{count} {unit} of {lengths} steps", name_kinds([statics, steps]), *told]) + "."]
    if plan.sequences != count:
        data.append(f"The last training saw {plan.sequences}; columns are described as the first one saw them.")
    data += [f"Said once a {unit[:-1]}:", list_columns(statics)] if len(statics.schema) else []
    data += ["Said at each step:", list_columns(steps)]
    keys = [] if model.statics_.keys is None else [model.statics_.keys]
    return About(
        what=f"{count} {unit} of {lengths} steps with {counted(len(steps.schema), 'column')}",
        unit=unit,
        example=100,
        tag="time-series",
        data="\n\n".join(data),
        encoders=[statics, steps, *keys],
        kept=[f"lengths and first times of {unit}, and how numbers go together from step to step"],
        limits=_limits(plan, unit, count),
    )


def _limits(plan: SequencePlan, unit: str, count: int) -> list[str]:
    seen = plan.encoder.schema.n_rows  # steps, each of which counts once where windows share it
    apart = count if unit == "sequences" else min(count, seen // plan.steps)
    limits = [f"{unit.capitalize()} are drawn independently, and none is longer than {plan.steps} steps."]
    if apart < FEW_ROWS:
        without = f" without a step in common (the series has {seen})" if unit == "windows" else ""
        limits.insert(0, f"{apart} {unit}{without} are few: the fewer there are, the more each of them counts.")
    if unit == "windows":
        limits.append("What takes longer than a window to happen is not learned.")
    return [*limits, "Conditions can be set on what is said once, not on steps."]
