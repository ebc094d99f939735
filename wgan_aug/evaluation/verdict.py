"""The verdict in plain words: what the figures say, and what they do not."""

from __future__ import annotations

import dataclasses
from typing import Literal

from wgan_aug.evaluation.figures import Interval
from wgan_aug.evaluation.findings import Figure, Findings, figures_of

__all__ = ["THRESHOLDS", "Judgement", "headline_of", "judge", "number", "summarise", "with_interval"]

Grade = Literal["good", "fair", "poor", "unknown"]

_USEFUL, _SOME_USE = 0.95, 0.8
_SHAPE = (0.95, 0.85)
_PAIR = (0.93, 0.83)
_TOLD = (0.6, 0.8)  # AUC up to which rows are hard, and not easily, told apart
_MEMBERS = 0.55  # AUC above which, interval and all, it is no longer a trifle
_NEARER = (0.55, 0.65)
_COPIES = (0.001, 0.01)
_COPIED_WINDOWS = (0.03, 0.1)  # fresh windows get 0.01
_NEAR_WINDOWS = (0.8, 0.5)  # median distance to the nearest real window, over that between real windows
_REPEATED = (0.001, 0.01)  # windows equal to a real one, beyond what real windows get

THRESHOLDS = (
    f"How the words were chosen. Use: good from a ratio of {_USEFUL}, poor below {_SOME_USE}, uncertain where it is "
    f"below {_USEFUL} and its interval reaches 1. Columns: good from {_SHAPE[0]}, poor below {_SHAPE[1]}. Pairs: good "
    f"from {_PAIR[0]} or within 0.02 of what hold-out rows get, poor below {_PAIR[1]}. Detection: good up to an AUC "
    f"of {_TOLD[0]}, poor above {_TOLD[1]}. Privacy: poor where the interval of the copies beyond those of hold-out "
    f"rows lies above {_COPIES[1]:.0%}, or that of the membership AUC above {_MEMBERS}, or where more than "
    f"{_NEARER[1]:.0%} of the rows are nearer to training rows; fair where there are signs of it. Sequences: as "
    f"detection, by the stronger judge, or good within 0.02 of its floor; copied windows: good up to "
    f"{_COPIED_WINDOWS[0]:.0%} and {_NEAR_WINDOWS[0]} times the distance between real ones, poor above "
    f"{_COPIED_WINDOWS[1]:.0%} or below {_NEAR_WINDOWS[1]} times. These lines are "
    "ours; the figures are what counts. Intervals are 95% and tell of the rows drawn, not of another training of the "
    "synthesizer."
)


@dataclasses.dataclass(frozen=True)
class Judgement:
    """One aspect, how good it is, and why.

    Args:
        aspect: what is judged.
        grade: good, fair, poor or unknown.
        word: the grade in a word that fits the aspect.
        text: the figures, in sentences.
    """

    aspect: str
    grade: Grade
    word: str
    text: str


def number(value: float | None, digits: int = 3) -> str:
    """Return a figure as text; a dash where there is none.

    Examples:
        >>> number(0.98765), number(None), number(-0.0001), number(123456.7)
        ('0.988', '–', '0.000', '123457')
    """
    if value is None or value != value:
        return "–"
    text = f"{value:.{digits}f}" if abs(value) < 1000 else f"{value:.0f}"
    return text.removeprefix("-") if float(text) == 0 else text


def with_interval(figure: Figure | Interval, digits: int = 3) -> str:
    """Return a figure with its interval as text.

    Examples:
        >>> with_interval(Interval(0.5, 0.4, 0.6))
        '0.500 (0.400 to 0.600)'
    """
    if figure.low is None or figure.high is None:
        return number(figure.value, digits)
    return f"{number(figure.value, digits)} ({number(figure.low, digits)} to {number(figure.high, digits)})"


def judge(found: Findings) -> list[Judgement]:
    """Return a judgement of each aspect; sequences and copied windows are aspects where sequences were asked for.

    Args:
        found: what the evaluators found.
    """
    figures = {figure.name: figure for figure in figures_of(found)}
    return [
        _judge_utility(found, figures),
        _judge_columns(found, figures),
        _judge_pairs(found, figures),
        _judge_detection(found, figures),
        *([_judge_sequences(figures), _judge_copied_windows(figures)] if found.in_sequence else []),
        _judge_privacy(found, figures),
    ]


def headline_of(judgements: list[Judgement]) -> str:
    """Return one or two sentences of the most that can be said.

    Args:
        judgements: of `judge`.
    """
    by = {judgement.aspect: judgement.grade for judgement in judgements}
    use, told = by["Use"], {by["Detection"], by.get("Sequences", "unknown")}
    copied = by.get("Copied windows", "unknown")
    private = copied if copied in ("fair", "poor") and by["Privacy"] != "poor" else by["Privacy"]
    what = "sequences" if "Sequences" in by else "rows"
    first = {
        "good": f"For training models, these {what} are about as good as the real ones",
        "fair": f"For training models, these {what} are worth less than the real ones",
        "poor": f"For training models, these {what} are a poor substitute for the real ones",
        "unknown": f"What these {what} are worth to a model was not measured",
    }[use]
    grades = ({by["Columns"], by["Pairs of columns"]} | told) - {"unknown"}
    likeness = "poor" if "poor" in grades else "fair" if "fair" in grades else "good"
    second = {
        "good": "they look alike",
        "fair": "they look similar, with differences that can be found",
        "poor": "they are easily told from real ones" if "poor" in told else "they differ in ways that matter",
    }[likeness]
    third = {
        "good": "The attacks tried here found no sign that training rows were copied; that is no proof.",
        "fair": "There are faint signs that training rows shine through.",
        "poor": f"Training rows shine through: do not share these {what} as anonymous.",
        "unknown": "Privacy was not measured in full" + (": that takes hold-out rows." if what == "rows" else "."),
    }[private]
    joint = "and" if (use, likeness) in (("good", "good"), ("fair", "poor"), ("poor", "poor")) else "but"
    return f"{first}; {second}. {third}" if use == "unknown" else f"{first}, {joint} {second}. {third}"


def summarise(found: Findings) -> str:
    """Return a page of plain text: verdict, figures, the worst columns, what is missing and why.

    Args:
        found: what the evaluators found.
    """
    judgements = judge(found)
    figures = figures_of(found)
    width = max(len(figure.name) for figure in figures)
    lines = [headline_of(judgements), ""]
    lines += [f"- {j.aspect}: {j.word}. {j.text}" for j in judgements]
    lines += ["", f"{'figure'.ljust(width)}  {'value (95% interval)'.ljust(22)}  best"]
    lines += [
        f"{figure.name.ljust(width)}  {with_interval(figure).ljust(22)}  {figure.best}".rstrip()
        for figure in figures
        if figure.value is not None
    ]
    lines += [""] + [
        f"Not computed: {figure.name}: {figure.why}." for figure in figures if figure.value is None and figure.why
    ]
    lines += [f"Left out: column {name!r}: {why}." for name, why in found.tables.excluded.items()]
    lines += [f"Note: {note}" for note in found.notes]
    rows = found.settings["rows"]
    held = f" {rows['holdout']} hold-out," if rows["holdout"] is not None else ""
    lines += [f"Rows: {rows['real']} real,{held} {rows['synthetic']} synthetic; seed {found.settings['random_state']}."]
    lines += [f"Rows used for {part}: {text}." for part, text in found.used.items()]
    return "\n".join(lines)


# ---- aspects


def _grade(value: float, limits: tuple[float, float], *, high: bool = True) -> Grade:
    good, least = limits if high else (-limits[0], -limits[1])
    value = value if high else -value
    return "good" if value >= good else "fair" if value >= least else "poor"


def _judge_utility(found: Findings, figures: dict[str, Figure]) -> Judgement:
    figure, labelled = figures["utility_ratio"], found.sequences and found.sequences.labelled
    if figure.value is None:
        return Judgement("Use", "unknown", "not measured", _sentence(figure.why))
    reaches = figure.high is not None and figure.high >= 1
    grade = _grade(figure.value, (_USEFUL, _SOME_USE))
    word = {"good": "good", "fair": "less than real rows", "poor": "poor"}[grade]
    if reaches and grade != "good":
        grade, word = "fair", "uncertain"
    unit = "sequences" if labelled is not None else "rows"
    text = (
        f"Models trained on synthetic {unit} reach {with_interval(figure)} of the score of models trained on real "
        f"{unit}, both tested on real {unit} that neither has seen (target {str(found.tables.target)!r}, "
        f"{found.tables.task})."
    )
    if found.utility.split_off if found.utility is not None else found.tables.holdout is None:
        text = text.replace("that neither has seen", "split off from those that were learned from, which flatters them")
    if reaches:
        loss = max(0.0, 1 - (figure.low or 0.0))
        text += " The interval reaches 1: no loss is shown"
        text += f", and one of up to {loss:.1%} is not ruled out." if loss >= 0.001 else "."
    return Judgement("Use", grade, word, text)


def _judge_columns(found: Findings, figures: dict[str, Figure]) -> Judgement:
    shape = found.fidelity.shape
    grade = _grade(shape, _SHAPE)
    worst = found.fidelity.columns.iloc[0]
    text = f"One by one the columns are {number(shape)} alike on average (1 is best){_real_rows_get(found, 'shape')}; "
    text += f"the least alike is {str(worst['column'])!r} with {number(worst['shape'])}."
    invalid = figures["invalid"].value
    if invalid:
        text += f" {invalid:.1%} of the synthetic rows hold a value that no real row has or may have."
    return Judgement("Columns", grade, {"good": "alike", "fair": "similar", "poor": "different"}[grade], text)


def _judge_pairs(found: Findings, figures: dict[str, Figure]) -> Judgement:
    figure = figures["pair"]
    if figure.value is None:
        return Judgement("Pairs of columns", "unknown", "not measured", _sentence(figure.why))
    floor = found.baseline.pair if found.baseline is not None and not found.one_series else None
    near = floor is not None and figure.value >= floor - 0.02
    grade = "good" if near else _grade(figure.value, _PAIR)
    word = {"good": "alike", "fair": "similar", "poor": "different"}[grade]
    worst = found.fidelity.pairs.iloc[0]
    text = (
        f"How columns hang together is {number(figure.value)} alike on average{_real_rows_get(found, 'pair')}; the "
        f"least alike are {str(worst['first'])!r} and {str(worst['second'])!r} with {number(worst['similarity'])}."
    )
    return Judgement("Pairs of columns", grade, word, text)


def _real_rows_get(found: Findings, name: str) -> str:
    floor = getattr(found.baseline, name) if found.baseline is not None else None
    return "" if floor is None else f", where hold-out rows get {number(floor)}"


def _judge_detection(found: Findings, figures: dict[str, Figure]) -> Judgement:
    figure = figures["c2st"]
    if figure.value is None or found.detection is None:
        return Judgement("Detection", "unknown", "not measured", _sentence(figure.why))
    grade = _grade(figure.value, _TOLD, high=False)
    word = {"good": "hard to tell apart", "fair": "partly told apart", "poor": "easily told apart"}[grade]
    text = f"Boosted trees tell a synthetic row from a real one with an AUC of {with_interval(figure)}; 0.5 is chance."
    culprits = found.detection.columns
    if grade != "good" and len(culprits) and culprits["auc_lost"].iloc[0] > 0:
        told = ", ".join(repr(str(name)) for name in culprits["column"][culprits["auc_lost"] > 0].head(3))
        text += f" What gives them away most: {told}."
    return Judgement("Detection", grade, word, text)


def _judge_sequences(figures: dict[str, Figure]) -> Judgement:
    judges = [(figures[f"seq_{name}_auc"], figures[f"seq_{name}_floor"]) for name in ("rocket", "boost")]
    told = [(auc.value, floor.value) for auc, floor in judges if auc.value is not None]
    if not told:
        return Judgement("Sequences", "unknown", "not measured", _sentence(judges[0][0].why))
    auc, floor = max(told, key=lambda pair: pair[0])
    near = floor is not None and auc <= floor + 0.02
    grade = "good" if near else _grade(auc, _TOLD, high=False)
    word = {"good": "hard to tell apart", "fair": "partly told apart", "poor": "easily told apart"}[grade]
    text = f"The stronger of two judges tells synthetic windows from real ones with an AUC of {number(auc)}"
    text += ", 0.5 being chance." if floor is None else f", where real windows against real ones get {number(floor)}."
    errors = [
        f"{words} {number(figures[name].value)}"
        for name, words in (
            ("seq_ks", "of the distributions"),
            ("seq_autocorrelation", "of the autocorrelations"),
            ("seq_cross_correlation", "of the correlations between channels"),
            ("seq_spectrum", "of the spectra (log10)"),
        )
        if figures[name].value is not None
    ]
    return Judgement("Sequences", grade, word, f"{text} Errors, 0 being best: {'; '.join(errors)}.")


def _judge_copied_windows(figures: dict[str, Figure]) -> Judgement:
    copies, ratio, exact, usual = (
        figures[f"seq_{name}"].value for name in ("copies", "nearest_ratio", "exact", "exact_real")
    )
    if exact is None:
        return Judgement("Copied windows", "unknown", "not measured", _sentence(figures["seq_exact"].why))
    grades = {_grade(exact - (usual or 0.0), _REPEATED, high=False)}
    grades |= set() if copies is None else {_grade(copies, _COPIED_WINDOWS, high=False)}
    grades |= set() if ratio is None else {_grade(ratio, _NEAR_WINDOWS)}
    grade: Grade = "poor" if "poor" in grades else "fair" if "fair" in grades else "good"
    word = {"good": "no more than by chance", "fair": "some, or near ones", "poor": "many, or very near ones"}[grade]
    text = f"{exact:.1%} of the synthetic windows equal a real one ({usual or 0:.1%} of the real ones equal another)"
    if copies is not None and ratio is not None:
        text += (
            f"; {copies:.1%} lie nearer to a real window than the nearest 1% of real windows do. The distance to the "
            f"nearest real window is {number(ratio)} times that between real windows"
        )
    return Judgement("Copied windows", grade, word, f"{text}. A distance is not a proof of privacy.")


def _judge_privacy(found: Findings, figures: dict[str, Figure]) -> Judgement:
    privacy, member, share = found.privacy, figures["membership_auc"], figures["dcr_share"]
    if privacy is None:
        return Judgement("Privacy", "unknown", "not measured", _sentence(found.failed.get("privacy", "")))
    proof = "A distance is not a proof of privacy."
    if privacy.copies is None or member.value is None or share.value is None:
        text = (
            f"{privacy.copied:.1%} of the synthetic rows equal a real row. Whether that is many, and whether real rows "
        )
        text += f"can be told as members, takes hold-out rows. {proof}"
        return Judgement("Privacy", "unknown", "measured in part", text)
    grades = {_grade(share.value, _NEARER, high=False)}
    least = figures["copies"].low or 0.0
    some = least > 0 or (not privacy.copied_holdout and privacy.copies > _COPIES[0])
    grades.add("poor" if least > _COPIES[1] else "fair" if some else "good")
    low = member.low if member.low is not None else member.value
    grades.add("poor" if low > _MEMBERS else "fair" if low > 0.5 else "good")
    grade: Grade = "poor" if "poor" in grades else "fair" if "fair" in grades else "good"
    word = {"good": "no leak found", "fair": "faint signs of a leak", "poor": "leaks"}[grade]
    text = (
        f"{privacy.copied:.1%} of the synthetic rows equal a training row ({privacy.copied_holdout or 0:.1%} of the "
        f"hold-out rows do); training rows are told from hold-out rows with an AUC of {with_interval(member)}, 0.5 "
        f"being chance; {share.value:.1%} of the synthetic rows lie nearer to the training rows than to hold-out "
        "rows, 50% being best. "
    )
    if found.one_series and least <= 0.5:
        drift = "The hold-out rows are of another time of the series, whose drift alone moves these figures."
        return Judgement("Privacy", "unknown", "measured in part", f"{text}{drift} {proof}")
    return Judgement("Privacy", grade, word, text + proof)


def _sentence(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text[0].upper()}{text[1:]}."
