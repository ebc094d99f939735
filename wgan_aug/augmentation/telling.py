"""What an augmentation found, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wgan_aug.augmentation.mixing import Mixture
from wgan_aug.evaluation.verdict import number
from wgan_aug.evaluation.worth import AugmentationValue, Verdict

__all__ = ["METRICS", "explain", "headline_of", "signed", "summarise", "told_arm"]

METRICS = {
    "average_precision": "average precision",
    "roc_auc": "area under the ROC curve",
    "macro_f1": "macro F1",
    "r2": "R2",
}
_ARMS = {
    "real": "real rows alone",
    "class_weight": "class weights",
    "oversample": "repeated rare rows",
    "smote": "SMOTE",
}


def told_arm(arm: str) -> str:
    """Return what an arm is called in texts.

    Examples:
        >>> told_arm("smote"), told_arm("balanced x0.5")
        ('SMOTE', 'balanced x0.5')
    """
    return _ARMS.get(arm, arm)


def signed(value: float) -> str:
    """Return a difference with its sign.

    Examples:
        >>> signed(0.0126), signed(-0.5), signed(-0.0001)
        ('+0.013', '-0.500', '0.000')
    """
    text = f"{value:+.3f}"
    return text if float(text) else text[1:]


def headline_of(verdict: Verdict, added: Mixture | None, rows: dict[str, int]) -> str:
    """Return the verdict in a sentence, and what stands in the data.

    Args:
        verdict: of the report.
        added: the mixture that was added, if one was.
        rows: `given` and `synthetic` rows.
    """
    first = {
        "helps": "Synthetic rows help.",
        "no effect": "No effect was shown.",
        "hurts": "Synthetic rows hurt.",
    }[verdict]
    if added is None:
        return f"{first} The {rows['given']} rows given are returned alone."
    asked = " as asked for" if verdict != "helps" else ""
    return f"{first} {rows['synthetic']} synthetic rows ({added.name}) follow the {rows['given']} given{asked}."


def explain(report: AugmentationValue) -> str:
    """Return the figures behind a verdict in a sentence or two.

    Args:
        report: the scores.
    """
    arms = report.arms.set_index("arm")
    real: Any = arms.loc["real"]
    best: Any = arms.loc[report.arm]
    metric = METRICS.get(report.metric, report.metric)
    of = f" of {report.positive!r}" if report.positive is not None else ""
    synthetic = arms["ratio"].notna().sum()
    text = (
        f"{report.estimator}, trained on the real rows alone, scores {number(real['score'])} ({metric}{of}); with the "
        f"best of {synthetic} mixtures, {report.arm}, {number(best['score'])}: {signed(best['difference'])} "
        f"({best['level']:.4g} interval {signed(best['low'])} to {signed(best['high'])}, {len(report.scores)} splits)."
    )
    cheaper = arms[arms["ratio"].isna() & (arms["difference"] > max(best["difference"], 0))].drop(
        "real", errors="ignore"
    )
    if len(cheaper):
        name = str(cheaper["difference"].idxmax())
        text += f" On the mean, {told_arm(name)} did better: {signed(float(cheaper.loc[name, 'difference']))}."
    return text


def summarise(
    verdict: Verdict, report: AugmentationValue, added: Mixture | None, rows: dict[str, int], notes: Sequence[str]
) -> str:
    """Return verdict, figures and a line for each arm as plain text; arguments as in `Augmentation`."""
    lines = [f"{verdict}: {headline_of(verdict, added, rows)}", explain(report), ""]
    width = max(len(told_arm(arm)) for arm in report.arms["arm"])
    lines.append(f"{'trained on'.ljust(width)}  score  difference  interval")
    for line in report.arms.to_dict("records"):
        text = f"{told_arm(line['arm']).ljust(width)}  {number(line['score'])}"
        if line["arm"] != "real":
            text += f"  {signed(line['difference']).ljust(10)}  {signed(line['low'])} to {signed(line['high'])}"
        lines.append(text)
    lines += [f"Not compared: {told_arm(name)}: {why}." for name, why in report.skipped.items()]
    lines += [f"Note: {note}" for note in notes]
    if report.without_target:
        lines.append(f"{report.without_target} rows have no target: they stay, and nothing is learned from them.")
    return "\n".join(lines)
