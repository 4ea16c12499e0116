from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.generate import GenerateError
from core.generate.pieces import Pieces
from core.generate.templates import Templates, lendable, read_fillers, read_templates


def written(templates, fillers, n=200, may=None, words="lend me Refund, now"):
    pieces = Pieces.of(pd.Series([words] * n, dtype="str"))
    may = np.ones(len(pieces.words), dtype=bool) if may is None else may(pieces)
    made = Templates(read_templates(templates), fillers).write(pieces, may, np.random.default_rng(0))
    return set(made)


def test_slots_are_filled_from_their_lists_in_every_way():
    fillers = {"product": ["kettle", "desk lamp"], "verb": ["work", "arrive"]}
    assert written(["The {product} did not {verb}!", "  no {verb}"], fillers) == {
        *(f"The {product} did not {verb}!" for product in fillers["product"] for verb in fillers["verb"]),
        "no work",
        "no arrive",
    }


def test_a_slot_that_stands_twice_is_filled_the_same_way():
    assert written(["{x} and {x}"], {"x": ["a", "b"]}) == {"a and a", "b and b"}


def test_a_slot_without_a_list_takes_a_word_of_the_parent():
    assert written(["I want: {word}"], {}) == {"I want: lend", "I want: me", "I want: Refund", "I want: now"}
    assert written(["{word}?"], {}, may=lambda pieces: pieces.words == "Refund,") == {"Refund?"}


def test_only_typical_words_of_the_class_are_lent():
    pieces = Pieces.of(pd.Series(["a Refund, please", "a parcel please"], dtype="str"))
    labels = pd.Series(["money", "delivery"])
    typical = {"money": frozenset({"refund"}), "delivery": frozenset({"parcel", "a"})}
    assert pieces.words[lendable(pieces, labels, typical)].tolist() == ["Refund,", "a", "parcel"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "1 to 500 templates. There are 0"),
        (["  "], "There are 0"),
        (["a {b"], "without: 'a {b'"),
        (["a} b"], "its partner"),
        (["a {{b}} c"], "its partner"),
        (["a { } c"], "must have a name"),
    ],
)
def test_templates_that_can_not_be_read_are_refused(lines, words):
    with pytest.raises(GenerateError) as refused:
        read_templates(lines)
    assert words in str(refused.value)


def test_nothing_but_names_stands_in_a_slot():
    """Format strings would reach into objects: here it is the name of a slot like any other."""
    assert written(["{0.__class__}"], {"0.__class__": ["word"]}) == {"word"}


def test_fillers_are_read_as_they_are_typed():
    assert read_fillers("product: kettle , desk lamp,,kettle\n\n {verb} : 환불\n") == {
        "product": ("kettle", "desk lamp"),
        "verb": ("환불",),
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [("product", "a colon"), ("product:", "Got 'product:'"), (": a", "a colon"), ("a: b\na: c", "two lists")],
)
def test_fillers_that_can_not_be_read_are_refused(line, words):
    with pytest.raises(GenerateError, match=words):
        read_fillers(line)


@pytest.mark.parametrize(
    ("fillers", "words"), [({"verb": ["a"]}, "No template has the slot 'verb'"), ({"x": []}, "'x' has none")]
)
def test_lists_belong_to_slots(fillers, words):
    with pytest.raises(GenerateError, match=words):
        Templates(read_templates(["{x} y"]), fillers)


def test_a_template_reads_as_it_was_written():
    assert str(read_templates(["The {a} did not {b}."])[0]) == "The {a} did not {b}."
