"""The part of the audit that looks for personal data: mail addresses, phone, card and resident numbers, each maskable.

A pattern alone says little of numbers: cards must pass Luhn's check (ISO/IEC 7812), resident numbers hold a date of
birth. A mask keeps the shape, so that what the model learns of it (that there is an address at all) stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core import wording
from core.collect.audited import Audited
from core.collect.finding import Finding
from core.ids import present

__all__ = ["check_personal", "masked"]


@dataclass(frozen=True)
class _Pattern:
    """One kind of personal data: how to find it fast (RE2), how to find it exactly, and what to leave of it."""

    noun: str
    plural: str
    quick: str
    exact: re.Pattern[str]
    mask: Callable[[str], str]
    real: Callable[[str], bool]


def _stars(text: str, keep: int) -> str:
    """Digits but for the last few become stars; what stands between them stays."""
    digits = sum(character.isdigit() for character in text)
    hidden = iter(range(digits))
    return "".join("*" if character.isdigit() and next(hidden) < digits - keep else character for character in text)


def _mask_mail(text: str) -> str:
    name, _, domain = text.partition("@")
    return f"{name[0]}***@***.{domain.rpartition('.')[2]}"


def _luhn(text: str) -> bool:
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def _resident(text: str) -> bool:
    month, day = int(text[2:4]), int(text[4:6])
    return 1 <= month <= 12 and 1 <= day <= 31


def _any(_: str) -> bool:
    return True


# Before and after there is no further digit, nor what joins one to a longer number.
_BEFORE, _AFTER = r"(?<![\w.@+-])", r"(?![\w@]|[.-]\d)"
_PATTERNS = {
    "mail": _Pattern(
        "mail address",
        "mail addresses",
        r"[\w.+-]@[\w-]+\.\pL{2}",
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[^\W\d_]{2,}"),
        _mask_mail,
        _any,
    ),
    "resident": _Pattern(
        "resident registration number",
        "resident registration numbers",
        r"[0-9]{6}-[1-8][0-9]{6}",
        re.compile(_BEFORE + r"\d{6}-[1-8]\d{6}" + _AFTER),
        lambda text: f"{text[:6]}-*******",
        _resident,
    ),
    "card": _Pattern(
        "card number",
        "card numbers",
        r"[3-6][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}",
        re.compile(_BEFORE + r"(?:[3-6]\d{3}(?:[ -]?\d{4}){3}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})" + _AFTER),
        lambda text: _stars(text, 4),
        _luhn,
    ),
    "phone": _Pattern(
        "phone number",
        "phone numbers",
        r"\+[0-9]{1,3}[ .-]?\(?[0-9]|\(?[0-9]{2,4}\)?[ .-][0-9]{3,4}[ .-][0-9]{4}|01[016789][0-9]{7,8}",
        re.compile(
            _BEFORE
            + r"(?:\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,4}\d{3,4}"
            + r"|\(?0?\d{2,3}\)?[ .-]\d{3,4}[ .-]\d{4}|01[016789]\d{7,8})"
            + _AFTER
        ),
        lambda text: _stars(text, 4),
        lambda text: 9 <= sum(character.isdigit() for character in text) <= 15,
    ),
}
# Digits without signs are phone numbers only where the column says so.
_PHONE_NAME = re.compile(r"phone|mobile|(^|[_ ])(tel|cell|fax)($|[_ ])|전화|연락처|휴대폰|핸드폰", re.IGNORECASE)
_BARE_PHONE = r"\+?[0-9]{9,15}"
_BARE_CARD = r"[3-6][0-9]{12,17}"
LOOKED_AT, NEARLY_ALL = 2_000, 0.9


def masked(text: str) -> str:
    """Mask all personal data in a text; the rest stays."""
    for pattern in _PATTERNS.values():
        text = pattern.exact.sub(lambda found, p=pattern: p.mask(found[0]) if p.real(found[0]) else found[0], text)  # type: ignore[misc]
    return text


def check_personal(audited: Audited) -> Iterator[Finding]:
    """Yield columns that hold personal data, with masked values."""
    text = (audited.schema.text,) if audited.schema.text is not None else ()
    for name in (*audited.worded, *text):
        coded = audited.coded(name)
        values = pa.array(coded.values, pa.large_string())
        kinds: dict[str, npt.NDArray[np.bool_]] = {}
        instead = np.full(len(coded.values), None, dtype=object)
        for kind, pattern in _PATTERNS.items():
            marked = np.zeros(len(coded.values), dtype=bool)
            likely = np.flatnonzero(pc.match_substring_regex(values, pattern.quick).to_numpy(zero_copy_only=False))
            for place in likely.tolist():
                value = str(coded.values[place])
                marked[place] = any(pattern.real(found) for found in pattern.exact.findall(value))
            kinds[kind] = marked
        personal = np.logical_or.reduce(list(kinds.values()))
        where = coded.where(personal)
        if not len(where):
            continue
        for place in np.flatnonzero(personal).tolist():
            instead[place] = masked(str(coded.values[place]))
        yield _finding(audited, name, kinds, where, instead, coded.codes, coded.everywhere)
    yield from _bare_numbers(audited)


def _finding(
    audited: Audited,
    name: str,
    kinds: dict[str, npt.NDArray[np.bool_]],
    where: npt.NDArray[np.int64],
    instead: npt.NDArray[np.object_],
    codes: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
) -> Finding:
    cells = audited.cells({name: where})
    parts = {kind: int(counts[marked].sum()) for kind, marked in kinds.items() if marked.any()}
    said = " and ".join(
        wording.count(count, _PATTERNS[kind].noun, _PATTERNS[kind].plural) for kind, count in parts.items()
    )
    # What was found is not shown again; its mask is.
    shown = instead[codes[where[0]]]
    return Finding(
        "personal_data",
        f"'{name}' holds personal data",
        min(0.8, (0.65 if {"resident", "card"} & set(parts) else 0.45) + 0.2 * len(where) / len(audited)),
        f"{audited.of_examples(len(where), 'holds', 'hold')} {said} in '{name}'.",
        f"Mask them, for instance as '{_short(str(shown))}', or drop the column if the model does not need it. The log "
        "of the project keeps what was there before.",
        ids=cells.ids,
        columns=(name,),
        cells=cells,
        values=instead[codes[where]].tolist(),
        fix="correct",
    )


def _short(text: str, most: int = 60) -> str:
    star = text.find("*")
    start = max(0, min(star - 20, len(text) - most)) if star >= 0 else 0
    return ("…" if start else "") + text[start : start + most] + ("…" if start + most < len(text) else "")


def _bare_numbers(audited: Audited) -> Iterator[Finding]:
    """Phone and card numbers without a sign between the digits: known by the name of their column, or by their check.

    What is left of such a number says nothing, so that the column is offered for dropping rather than for masking.
    """
    for name in (*audited.worded, *audited.numeric):
        values = present(audited.frame[name])
        if name in audited.numeric:
            if not len(values) or values.min() < 10**8 or values.max() >= 10**18 or (values % 1 != 0).any():
                continue
            first = values.iloc[:LOOKED_AT].astype("int64").astype("str")
        else:
            first = values.iloc[:LOOKED_AT]
        phones = bool(_PHONE_NAME.search(name)) and first.str.fullmatch(_BARE_PHONE).mean() >= NEARLY_ALL
        cards = name in audited.numeric and first.str.fullmatch(_BARE_CARD).mean() >= NEARLY_ALL
        if not phones and not (cards and first.map(_luhn).mean() >= NEARLY_ALL):
            continue
        feature = name in audited.schema.features and len(audited.schema.inputs) > 1
        yield Finding(
            "personal_data",
            f"'{name}' holds personal data",
            0.45 if phones else 0.65,
            f"{audited.of_examples(len(values), 'has', 'have')} a value in '{name}', nearly all of them "
            f"{'phone' if phones else 'card'} numbers.",
            "Drop the column: such a number says nothing of a class."
            if feature
            else "The model does not see the column. Leave it out of the file before you share the project.",
            columns=(name,),
            fix="drop_column" if feature else None,
        )
