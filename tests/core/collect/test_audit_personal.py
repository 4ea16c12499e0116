from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect import audit
from core.collect.audit_personal import masked
from core.dataset import Dataset


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("jane.doe@example.com", "j***@***.com"),
        ("write to a+b@mail.example.co.kr, please", "write to a***@***.kr, please"),
        ("010-1234-5678", "***-****-5678"),
        ("01012345678", "*******5678"),
        ("call (02) 345-6789 now", "call (**) ***-6789 now"),
        ("+82 10-1234-5678", "+** **-****-5678"),
        ("+1 (555) 010-9999", "+* (***) ***-9999"),
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("5500005555555559", "************5559"),
        ("900101-1234568", "900101-*******"),
    ],
)
def test_masks_keep_the_shape(text, mask):
    assert masked(text) == mask
    assert masked(mask) == mask


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # fails the check of cards
        "0000000000000000",
        "901301-1234568",  # no such month
        "2024-01-31",
        "10:30 to 11:45",
        "192.168.100.1234",
        "version 1.2.3456",
        "$1,234,567.89",
        "12345",
        "3.14159265358979",
        "me @ home",
        "a@b",
        "c5f0e1d2-1234-5678-9abc-def012345678",
    ],
)
def test_what_only_looks_personal_stays(text):
    assert masked(text) == text


def test_a_column_of_addresses_is_masked_in_all_parts(mended):
    mail = np.array([None] * 400, dtype=object)
    mail[::4] = [f"person{n}@example.org" for n in range(100)]
    (finding,), dataset = mended("personal_data", mail=mail)
    assert len(finding.cells) == 100
    assert "100 mail addresses" in finding.message
    assert "person" not in finding.message + finding.remedy
    assert set(dataset.frame["mail"].dropna()) == {"p***@***.org"}


def test_texts_are_masked_too():
    texts = [f"this is message number {n} of a long list of them" for n in range(80)]
    texts[3] = "my number is 010-2345-6789, call me"
    frame = pd.DataFrame({"text": texts, "label": ["a", "b"] * 40})
    (finding,) = audit(Dataset.from_frame(frame, label="label", text="text"))
    assert finding.kind == "personal_data"
    assert finding.values == ["my number is ***-****-6789, call me"]
    assert finding.columns == ("text",)


def test_bare_numbers_are_known_by_the_name_of_their_column(mended):
    numbers = 2_053_258_100 + np.arange(400) % 50
    assert mended("personal_data", amount=numbers)[0] == []
    (finding,), _ = mended("personal_data", phone=numbers)
    assert finding.fix == "drop_column"
    assert finding.columns == ("phone",)
    (finding,), _ = mended("personal_data", mobile=[str(number) for number in numbers])
    assert finding.fix == "drop_column"


def test_resident_numbers_weigh_more(mended):
    (resident,), _ = mended("personal_data", number=["900101-1234568"] + ["none"] * 399)
    (mail,), _ = mended("personal_data", number=["a@b.org"] + ["none"] * 399)
    assert resident.severity > 0.6 > mail.severity
