"""The card of a model: what it is, learned from and is good for, in Markdown. It shows no cell of the data."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from wgan_aug.encoding.dependents import DependentEncoder
from wgan_aug.encoding.levels import LevelEncoder
from wgan_aug.encoding.table import TableEncoder
from wgan_aug.losses.objectives import OBJECTIVES, write_objective, write_own
from wgan_aug.networks.architectures import ARCHITECTURES
from wgan_aug.synthesizers.markdown import bullets, code, counted, fold, table
from wgan_aug.synthesizers.plan import describe_encoding

__all__ = ["About", "about_table", "list_columns", "name_kinds", "write_card"]

MOST_COLUMNS = 50  # that are not folded away
FEW_ROWS = 1_500  # below, synthetic rows were measured to lean on the training rows, see benchmarks/results/tables
_SAID = ("loss", "preset", "architecture", "critic_norm", "constraints", "reject_copies", "target")
_ELSEWHERE = (*_SAID, "device", "verbose", "random_state")  # what a loaded model has otherwise, too
_SETTINGS = (
    *("batch_size", "n_critic", "learning_rate", "critic_learning_rate"),
    *("optimiser", "betas", "decay", "ema_decay", "max_seconds", "precision"),
)
_PRESET = ("gp_weight", "penalty_share", "numeric_encoding", "relations", "balance", "refine", "noise_dim")
_SIZES = {"mlp": ("generator_layers", "critic_layers"), "conv1d": ("generator_layers", "critic_layers", "channels")}
_PAPER = re.compile(r"[A-Z][\w .-]+? (?:19|20)\d\d, .+?(?P<place>arXiv (?P<number>\d{4}\.\d{4,5}))")
_PRESETS = {
    "fast": "The preset `fast` is a short training, to try things out; `balanced` and `best` come nearer to the data.",
    "paper": "The preset `paper` has the settings of a paper, for comparisons; nobody chose them for data like these.",
    "toy": "The preset `toy` has the settings for points of the plane; nobody chose them for data like these.",
}
_USUAL = "Presets were chosen on the mean of public data sets; they promise nothing for these data."


@dataclasses.dataclass(frozen=True)
class About:
    """What a card says of one kind of model, beside what it says of all.

    Args:
        what: what was learned, in a few words.
        unit: what is drawn, in the plural.
        example: how many are drawn in the examples.
        tag: names the kind of data.
        data: Markdown on sizes and columns.
        encoders: of all columns.
        fields: of the preset, that matter for this kind alone.
        rules: what holds in all that is drawn.
        kept: what the folder holds of the data, beside what encoders do.
        limits: what this kind of model does not do.
    """

    what: str
    unit: str
    example: int
    tag: str
    data: str
    encoders: Sequence[TableEncoder]
    fields: tuple[str, ...] = ()
    rules: Sequence[str] = ()
    kept: Sequence[str] = ()
    limits: Sequence[str] = ()


def write_card(model: Any, about: About) -> str:
    """Return the card of a fitted synthesizer; equal models have equal cards, so that it has no date.

    Args:
        model: the synthesizer.
        about: what is said of its kind.
    """
    loss, networks = _named(model.loss, write_objective), _named(model.architecture, write_own)
    sections = {
        "How to use it": _show_use(about, networks),
        "Data": about.data,
        "Settings": _show_settings(model, about, networks),
        "Training": _show_training(model),
        "Rules": bullets([*_found(about.encoders), *about.rules]),
        "Privacy": _show_privacy(model, about),
        "Limits": bullets([*about.limits, *_limits(model, about, loss["name"])]),
        "References": bullets(_papers(type(model), OBJECTIVES.get(loss["name"]))),
    }
    shown = [f"## {title}\n\n{text}" for title, text in sections.items() if text]
    return "\n\n".join([_begin(model, about, loss, networks), *shown]) + "\n"


def about_table(model: Any) -> About:
    """Return what a card says of a model of a table."""
    encoder, rows, filters = model.encoder_, model.schema_.n_rows, model.filters_
    data = [f"{rows} rows; {name_kinds([encoder])}."]
    if model.target_name_ is not None:
        data.append(f"The target, which users of the data predict, is {code(model.target_name_)}.")
    if model.plan_.rows != rows:
        data.append(f"The last training saw {model.plan_.rows} rows; columns are described as the first one saw them.")
    declared = [[code(column.name) for _, column in c.comparison.columns.values()] for c in filters.constraints]
    rules = [f"A declared comparison with {', '.join(names)} holds in every row." for names in declared]
    kept = ["declared comparisons, as they were written"] if declared else []
    if filters.copies is not None:
        rules.append("Rows that equal a training row, or come too near to one, are drawn anew (`reject_copies`).")
        kept.append("**codes of the training rows, from which they can be read** (`reject_copies`): do not share it")
    few = f"{rows} rows are few: the fewer there are, the more synthetic rows lean on each of them."
    alone = "Rows are drawn independently: their order, groups, and keys to other tables are not learned."
    return About(
        what=f"a table of {rows} rows and {counted(len(encoder.schema), 'column')}",
        unit="rows",
        example=1000,
        tag="tabular",
        data=f"{' '.join(data)}\n\n{list_columns(encoder)}",
        encoders=[encoder],
        fields=("reveal",),
        rules=rules,
        kept=kept,
        limits=[few, alone] if rows < FEW_ROWS else [alone],
    )


def name_kinds(encoders: Iterable[TableEncoder]) -> str:
    """Return how many columns there are, and of which kinds, the commonest first."""
    kinds = Counter(column.kind for encoder in encoders for column in encoder.schema)
    return f"{counted(kinds.total(), 'column')} ({', '.join(f'{count} {kind}' for kind, count in kinds.most_common())})"


def list_columns(encoder: TableEncoder) -> str:
    """Return a table of the columns, folded away where there are many."""
    names, rows = [code(name) for name in encoder.schema.names], max(1, encoder.schema.n_rows)
    listed = table(
        ["column", "kind", "encoding", "missing", "distinct"],
        (
            [name, c.kind, describe_encoding(own, names, cells=False), f"{c.n_missing / rows:.1%}", c.n_distinct]
            for name, c, own in zip(names, encoder.schema, encoder.encoders, strict=True)
        ),
    )
    return fold(f"All {len(names)} columns", listed) if len(names) > MOST_COLUMNS else listed


def _named(value: Any, write: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Return `name` and `options` of an objective or of networks, and `text`, Markdown that shows them."""
    named: dict[str, Any] = {"name": value, "options": {}} if isinstance(value, str) else write(value)
    options = (f"{code(name)} {_show(own)}" for name, own in named["options"].items())
    return named | {"text": ", ".join([code(named["name"]), *options])}


def _begin(model: Any, about: About, loss: Mapping[str, Any], networks: Mapping[str, Any]) -> str:
    """Return front matter, title and what the model is."""
    tags = ["synthetic-data", about.tag, "gan", *([loss["name"]] if loss["name"] in OBJECTIVES else [])]
    weights = {name: sum(w.numel() for w in getattr(model, name).parameters()) for name in ("generator_", "critic_")}
    norm = f"; critic's norm: {_show(model.critic_norm)}" if networks["name"] in ARCHITECTURES else ""
    facts = {
        "objective": loss["text"],
        "preset": _show(model.preset),
        "architecture": networks["text"] + norm,
        "weights": f"{weights['generator_']} of the generator, {weights['critic_']} of the critic",
        "written by": f"wgan-aug {version('wgan-aug')}",
    }
    return (
        f"---\nlibrary_name: wgan-aug\ntags:\n{bullets(tags)}\n---\n\n# Model card: {type(model).__name__}\n\n"
        f"A generative adversarial network that learned {about.what}, and draws new {about.unit} like them.\n\n"
        + table(["", ""], facts.items())
    )


def _show_use(about: About, networks: Mapping[str, Any]) -> str:
    draw, safe = f"synthetic = model.sample({about.example})", "opening it runs no code of its own."
    if networks["name"] not in ARCHITECTURES:
        return (
            f"The networks are the user's own, {networks['text']}; their code is not in the folder of this card."
            f"\n\n```python\nfrom wgan_aug import load\n\narchitecture = ...  # these networks, made anew\n"
            f'model = load(".", architecture=architecture)\n{draw}\n```\n\nThe model is JSON and safetensors: {safe}'
        )
    return (
        "In the folder of this card, where wgan-aug is installed:\n\n"
        f'```python\nfrom wgan_aug import load\n\nmodel = load(".")\n{draw}\n```\n\n'
        f"```sh\nwgan-aug sample . -n {about.example} -o ../synthetic.csv\n```\n\n"
        f"The model is JSON and safetensors: {safe}"
    )


def _show_settings(model: Any, about: About, networks: Mapping[str, Any]) -> str:
    """Return the options that were given, and what they and the preset came to."""
    options, usual = (
        {name: _show_option(name, value) for name, value in each.get_params(deep=False).items()}
        for each in (model, type(model)())
    )
    given = [name for name in options if name not in _ELSEWHERE and options[name] != usual[name]]
    first = "Options that differ from the defaults:\n\n" if given else "All other options are the defaults."
    first += table(["option", "value"], ([code(name), options[name]] for name in given)) if given else ""
    plan = model.plan_
    came = {name: getattr(plan.settings, name) for name in _SETTINGS}
    own = (*_PRESET, *about.fields, *_SIZES.get(networks["name"], ()))
    came |= {name: getattr(plan.preset, name) for name in own} | {"seed": model.seed_}
    used = ([code(name), _show(value)] for name, value in came.items() if value is not None)
    return f"{first}\n\nWhat was used:\n\n{table(['setting', 'value'], used)}"


def _show_option(name: str, value: Any) -> str:
    """Return an option's value; a schema may say what stands for missing cells, and so is not shown."""
    return "given" if name == "schema" and value is not None else _show(value)


def _show(value: Any) -> str:
    """Return a value, the same for what a model has once it was loaded; of what is no plain value, its type."""
    if isinstance(value, (np.ndarray, pd.Index, np.generic)):
        value = value.tolist()
    if isinstance(value, Mapping):
        return ", ".join(f"{code(key)}: {_show(own)}" for key, own in value.items()) or "none"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(map(_show, value)) or "none"
    plain = value is None or isinstance(value, (bool, int, float, str))
    return code(value if plain else type(value).__name__)


def _show_training(model: Any) -> str:
    """Return figures of the updates, of evaluations on held-out rows, and of refining."""
    history = model.history_.drop(columns="update")
    tenth = max(1, len(history) // 10)
    ends = [history.head(tenth).mean(), history.tail(tenth).mean()]
    figures = table(
        ["figure", f"mean of the first {tenth}", f"mean of the last {tenth}"],
        ([code(name), *(f"{end[name]:.4g}" for end in ends)] for name in history.columns),
    )
    texts = [f"{counted(model.updates_, 'update')} of the generator.", figures]
    texts += [_show_evaluations(model.evaluations_)] if len(model.evaluations_) else []
    found = model.refinement_
    if found is not None:
        texts.append(
            f"Refining keeps {found.acceptance:.0%} of the candidates. It brings the mean error of marginals from "
            f"{found.marginal_error_raw:.4f} to {found.marginal_error:.4f}. The trees that it goes by told real from "
            f"candidates with an AUC of {found.detection_auc:.3f}; 0.5 is chance."
        )
    return "\n\n".join(texts)


def _show_evaluations(evaluations: pd.DataFrame) -> str:
    chosen = evaluations[evaluations["chosen"]]
    shown = (chosen if len(chosen) else evaluations).iloc[-1].drop("chosen")
    kept = f"the model of update {shown['update']:.0f} was kept" if len(chosen) else "the last one is shown"
    figures = ([code(name), f"{value:.4g}"] for name, value in shown.drop("update").items())
    listed = table(["figure", "value"], figures)
    return f"{len(evaluations)} evaluations on held-out data; {kept}. A lower `score` is better.\n\n{listed}"


def _found(encoders: Iterable[TableEncoder]) -> list[str]:
    count = sum(isinstance(own, DependentEncoder) for encoder in encoders for own in encoder.encoders)
    return [f"Rules that were found decide {counted(count, 'column')}, as the encoding says."] if count else []


def _show_privacy(model: Any, about: About) -> str:
    """Return what the folder holds of the data's cells, and how privacy is judged."""
    kinds = {column.kind for encoder in about.encoders for column in encoder.schema}
    held = ["columns' names, counts of cells and of missing ones, weights of networks"]
    if kinds & {"categorical", "boolean"}:
        held.append("every category, rare ones too, and how often it occurs")
    if kinds & {"continuous", "integer", "datetime", "timedelta"}:
        held.append("of numbers, dates and durations the lowest and the highest, recurring ones and quantiles")
    if "constant" in kinds:
        held.append("the values of constant columns")
    if "identifier" in kinds:
        held.append("of identifiers what all have in common, or the largest number")
    if _found(about.encoders):
        held.append("which values go together in columns that follow from others")
    if model.refinement_ is not None:
        held.append("thresholds of trees, and shares of categories and of ranges of numbers")
    return (
        "This card shows no cell of the data. The other files do hold some; the folder has\n\n"
        f"{bullets([*held, *about.kept])}\n\n"
        f"What is drawn is not anonymous by itself: a model that learned from few {about.unit} can come near them. "
        "Hold some out before fitting, and compare (`wgan-aug evaluate REAL SYNTHETIC --holdout HOLDOUT`, or "
        "`evaluate(real, synthetic, holdout=holdout)`): its figures find what simple attacks find, and prove nothing. "
        "There is no differential privacy. See docs/guide/private.md of wgan-aug."
    )


def _limits(model: Any, about: About, loss: str) -> list[str]:
    own = [own for encoder in about.encoders for own in encoder.encoders]
    pooled = sum(isinstance(e, LevelEncoder) and e.states - e.has_missing < len(e.levels) for e in own)
    kinds = {column.kind for encoder in about.encoders for column in encoder.schema}
    limits = ["Numbers stay in the range that was seen, and categories are those that were seen."]
    if pooled:
        limits.append(f"Rare categories share a state in {counted(pooled, 'column')}, and come by frequency alone.")
    if "identifier" in kinds:
        limits.append("Identifiers are not learned: fresh ones come.")
    if model.refinement_ is None:
        limits.append("Refining was not learned: samples are as the generator draws them.")
    if loss not in OBJECTIVES:
        limits.append(f"The objective {code(loss)} is not in the folder: the model samples, and cannot train without.")
    return [
        *limits,
        _PRESETS.get(model.preset, _USUAL),
        "Training data and the state of optimisers are not kept.",
        "Losses say little of how good samples are: judge these with `evaluate`.",
    ]


def _papers(*classes: type | None) -> list[str]:
    """Return the papers that classes name in their documentation, with links; none where Python left that out."""
    found: dict[str, str] = {}
    for cls in classes:
        text = (inspect.getdoc(cls) or "").partition("References:\n")[2].partition("\n\n")[0] if cls else ""
        for paper in _PAPER.finditer(" ".join(text.split())):
            link = f"[{paper['place']}](https://arxiv.org/abs/{paper['number']})"
            found[paper["number"]] = paper[0].replace(paper["place"], link)
    return list(found.values())
