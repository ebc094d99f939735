"""`--track KIND:PLACE`: where the figures of a training go."""

from __future__ import annotations

from collections.abc import Sequence

from wgan_aug.errors import InvalidParameterError, did_you_mean
from wgan_aug.training.callbacks import Callback

__all__ = ["find_trackers"]

_KINDS = {
    "csv": "CSVTracker",
    "jsonl": "JSONLTracker",
    "tensorboard": "TensorBoardTracker",
    "mlflow": "MLflowTracker",
    "wandb": "WandbTracker",
}


def find_trackers(texts: Sequence[str]) -> list[Callback]:
    """Return the trackers that were asked for, as `"csv:figures.csv"` or `"mlflow:http://host:5000"`.

    Raises:
        InvalidParameterError: for a kind that does not exist, and where no place is named.
        MissingExtraError: where its package is not installed.
    """
    if not texts:
        return []
    import wgan_aug

    found: list[Callback] = []
    for text in texts:
        kind, _, place = text.partition(":")
        if kind not in _KINDS:
            raise InvalidParameterError(
                f"--track is {text!r}; give {', '.join(_KINDS)} and a place, such as csv:figures.csv."
                f"{did_you_mean(kind, _KINDS)}"
            )
        if not place:
            raise InvalidParameterError(f"--track is {text!r}, and does not say where to: give such as {kind}:NAME.")
        found.append(getattr(wgan_aug, _KINDS[kind])(place))
    return found
