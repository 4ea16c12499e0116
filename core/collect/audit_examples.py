"""The part of the audit that looks at whole examples: copies, contradictions, labels and empty texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core import wording
from core.collect.audit_spellings import slips
from core.collect.audited import Audited, Coded
from core.collect.finding import Finding, listed
from core.neighbours import equal_groups, near_duplicates

__all__ = ["check_examples"]

RARE = 10
_JOINT = re.compile(r"(?<=\w)[\s_-]+(?=\w)")

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Examples:
    """The examples of a data set and what they are grouped by, as arrays in the order of its frame."""

    ids: pd.Index
    train: _Mask
    # Test and sealed: what the model is judged by.
    judged: _Mask
    labels: pd.Series
    # Code of the label; -1 where there is none.
    label: npt.NDArray[np.int64]
    # Equal inputs share a number; near ones (texts but for case, spaces and punctuation) another.
    equal: npt.NDArray[np.int64]
    near: npt.NDArray[np.int64]
    texts: pd.Series | None

    def share(self, mask: _Mask) -> tuple[int, float]:
        """Number and share of train examples in a mask."""
        count = int((mask & self.train).sum())
        return count, count / max(1, int(self.train.sum()))

    def of_train(self, count: int, share: float, one: str, many: str) -> str:
        of = wording.count(int(self.train.sum()), "train example")
        return f"{count:,} of {of} ({share:.1%}) {wording.verb(count, one, many)}"


def check_examples(audited: Audited) -> Iterator[Finding]:
    """Yield what is wrong with examples as a whole."""
    examples = _examples(audited)
    yield from _copies(examples)
    yield from _contradictions(examples)
    yield from _twins_of_test(examples)
    yield from _rare_classes(examples)
    yield from _label_variants(audited, examples)
    yield from _empty_texts(examples)


def _examples(audited: Audited) -> _Examples:
    dataset, frame = audited.dataset, audited.frame
    equal = equal_groups(frame[list(dataset.schema.inputs)])
    text = dataset.schema.text
    near = equal
    if text is not None:
        near = near_duplicates(frame[text])
        if dataset.schema.features:
            features = equal_groups(frame[list(dataset.schema.features)])
            near = near * (features.max(initial=0) + 1) + features
    labels = frame[dataset.schema.label]
    return _Examples(
        ids=frame.index,
        train=audited.train,
        judged=audited.judged,
        labels=labels,
        label=pd.factorize(labels)[0].astype(np.int64),
        equal=equal,
        near=near,
        texts=None if text is None else frame[text],
    )


def _repeated(groups: npt.NDArray[np.int64], label: npt.NDArray[np.int64], among: _Mask) -> _Mask:
    """Mark examples that repeat an earlier one of the same group and label."""
    repeated = np.zeros(len(groups), dtype=bool)
    places = np.flatnonzero(among & (label >= 0))
    pairs = groups[places] * (label.max(initial=0) + 1) + label[places]
    repeated[places] = pd.Series(pairs).duplicated().to_numpy()
    return repeated


def _copies(examples: _Examples) -> Iterator[Finding]:
    exact = _repeated(examples.equal, examples.label, examples.train)
    count, share = examples.share(exact)
    in_test = int(_repeated(examples.equal, examples.label, examples.judged).sum())
    repeats, stays = ("repeats", "it stays") if in_test == 1 else ("repeat", "they stay")
    also = f" {in_test:,} in the test set {repeats} another there; {stays}." if in_test else ""
    if count:
        is_text = examples.texts is not None
        yield Finding(
            "exact_duplicates",
            wording.count(count, "exact copy", "exact copies"),
            min(0.8, (0.3 if is_text else 0.1) + 0.7 * share),
            f"{examples.of_train(count, share, 'repeats', 'repeat')} another with the same label.{also}",
            "Exclude the copies; one of each stays."
            + ("" if is_text else " Leave them if they are different things that merely look alike."),
            ids=examples.ids[exact],
            fix="exclude",
        )
    if examples.texts is None:
        return
    near = _repeated(examples.near, examples.label, examples.train) & ~exact
    count, share = examples.share(near)
    if count:
        yield Finding(
            "near_duplicates",
            wording.count(count, "near copy", "near copies"),
            min(0.7, 0.2 + share),
            f"{examples.of_train(count, share, 'repeats', 'repeat')} another with the same label, but for case, spaces "
            "or signs.",
            "Exclude them; one of each stays.",
            ids=examples.ids[near],
            fix="exclude",
        )


def _contradictions(examples: _Examples) -> Iterator[Finding]:
    places = np.flatnonzero(examples.train & (examples.label >= 0))
    votes = pd.DataFrame({"group": examples.equal[places], "label": examples.label[places]}).value_counts(sort=False)
    best = votes.groupby("group").transform("max")
    ties = (votes == best).groupby("group").transform("sum")
    # The label of the most stands; where two have as many votes, none does.
    outvoted = votes[(votes < best) | (ties > 1)]
    marked = np.zeros(len(examples.ids), dtype=bool)
    pairs = pd.MultiIndex.from_arrays([examples.equal[places], examples.label[places]])
    marked[places] = pairs.isin(outvoted.index)
    count, share = examples.share(marked)
    if not count:
        return
    groups = outvoted.index.get_level_values("group").nunique()
    yield Finding(
        "conflicting_labels",
        f"{wording.count(count, 'example')} with conflicting labels",
        min(0.8, 0.3 + 2 * share),
        f"{examples.of_train(count, share, 'has', 'have')} the same content as others with a different label that is "
        f"as frequent or more so, in {wording.count(groups, 'group')}.",
        "Review them: either labels are wrong, or the columns can't tell the classes apart.",
        ids=examples.ids[marked],
    )


def _twins_of_test(examples: _Examples) -> Iterator[Finding]:
    twins = examples.train & np.isin(examples.near, examples.near[examples.judged])
    count, share = examples.share(twins)
    if not count:
        return
    known = examples.judged & np.isin(examples.near, examples.near[examples.train])
    test_share = known.sum() / examples.judged.sum()
    near = "" if examples.texts is None else " (but for case, spaces and signs)"
    yield Finding(
        "train_test_duplicates",
        f"{wording.count(count, 'train example')} in the test set too",
        min(1.0, 0.5 + 2 * float(test_share)),
        f"{examples.of_train(count, share, 'equals', 'equal')} one of the test set{near}. The model has seen "
        f"{int(known.sum()):,} of the examples that judge it ({test_share:.1%}).",
        "Exclude them from train; the test set stays as it is.",
        ids=examples.ids[twins],
        fix="exclude",
    )


def _rare_classes(examples: _Examples) -> Iterator[Finding]:
    counts = examples.labels[examples.train].value_counts()
    unseen = set(examples.labels[examples.judged].dropna().unique()) - set(counts.index)
    rare = counts[counts < RARE].sort_values()
    if rare.empty and not unseen:
        return
    named = [f"'{name}' ({count})" for name, count in rare.items()] + [f"'{name}' (0)" for name in sorted(unseen)]
    listed = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    marked = examples.train & examples.labels.isin(rare.index).to_numpy()
    yield Finding(
        "rare_class",
        f"{wording.count(len(named), 'class', 'classes')} with too few examples",
        0.5,
        f"{len(named):,} of {wording.count(len(counts) + len(unseen), 'class', 'classes')} "
        f"{wording.verb(len(named), 'has', 'have')} fewer than {RARE} train examples: {listed}.",
        "Collect or generate more of them, or merge them with another class.",
        ids=examples.ids[marked],
    )


def _spelling(label: str) -> str:
    """Write a label without what people vary: case, width, blanks, and what joins its words. Signs like "<" stay."""
    plain = unicodedata.normalize("NFKC", label).casefold().strip(" .,;:")
    return _JOINT.sub(" ", plain)


def _label_variants(audited: Audited, examples: _Examples) -> Iterator[Finding]:
    coded = audited.coded(str(examples.labels.name))
    # The most frequent one of each spelling comes first.
    names = pd.Series(coded.values, dtype="str").iloc[np.argsort(-coded.counts, kind="stable")]
    main = names.groupby(names.map(_spelling)).transform("first").sort_index().to_numpy(dtype=object)
    varies = main != coded.values
    slipped = slips(coded, varies)
    main = np.where(varies, main, slipped)
    changed = np.flatnonzero([value is not None for value in main])
    yield from _variants(audited, examples, coded, main, changed)


def _variants(
    audited: Audited, examples: _Examples, coded: Coded, main: npt.NDArray[np.object_], changed: npt.NDArray[np.intp]
) -> Iterator[Finding]:
    marked = np.isin(coded.codes, changed)
    where = np.flatnonzero(marked & examples.train)
    if not marked.any():
        return
    count, share = examples.share(marked)
    elsewhere = int((marked & examples.judged).sum())
    more = "is in the test set; it stays" if elsewhere == 1 else "are in the test set; they stay"
    also = f" {elsewhere:,} more {more}." if elsewhere else ""
    pairs = [f"'{coded.values[i]}' and '{main[i]}'" for i in changed[np.argsort(-coded.counts[changed], kind="stable")]]
    labels = dict(zip(examples.ids[where].tolist(), main[coded.codes[where]].tolist(), strict=True))
    yield Finding(
        "label_variants",
        "One class in several spellings",
        0.7,
        f"Classes that differ only in spelling: {listed(pairs)}. "
        f"{examples.of_train(count, share, 'has', 'have')} the rarer spelling.{also}",
        "Give them the same label.",
        ids=examples.ids[where],
        columns=(coded.name,),
        cells=audited.cells({coded.name: np.flatnonzero(marked)}),
        labels=labels,
        fix="relabel" if labels else None,
    )


def _empty_texts(examples: _Examples) -> Iterator[Finding]:
    if examples.texts is None:
        return
    empty = examples.texts.fillna("").str.strip().eq("").to_numpy(dtype=bool)
    marked = empty & examples.train
    count, share = examples.share(marked)
    elsewhere = int((empty & ~examples.train).sum())
    if not count:
        return
    also = f" {elsewhere:,} more {wording.verb(elsewhere, 'is', 'are')} in test or pool." if elsewhere else ""
    yield Finding(
        "text_empty",
        wording.count(count, "empty text"),
        min(0.8, 0.4 + share),
        f"{examples.of_train(count, share, 'is', 'are')} empty.{also}",
        "Exclude them: there is nothing to learn from.",
        ids=examples.ids[marked],
        columns=(str(examples.texts.name),),
        fix="exclude",
    )
