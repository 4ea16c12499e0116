from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.train import Recipe

ENGLISH = {
    "refund": [
        "please refund my order",
        "money back for the broken lamp",
        "refund not received yet",
        "return and refund",
    ],
    "login": ["cannot log in today", "password reset fails", "my account is locked", "login page shows an error"],
    "praise": ["great service, thank you!!!", "very happy with it", "love the new app", "thank you so much"],
}
KOREAN = {
    "refund": ["환불해 주세요", "주문을 취소하고 환불받고 싶어요"],
    "login": ["로그인이 안 돼요", "비밀번호를 잊어버렸어요"],
    "praise": ["정말 감사합니다", "서비스가 아주 좋아요"],
}


def make_table(rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """Columns of every kind with gaps in each; the label follows three of them."""
    rng = np.random.default_rng(seed)
    amount, age = rng.normal(50, 20, rows), rng.integers(18, 80, rows).astype(float)
    plan = rng.choice(["basic", "plus", "pro"], rows)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, rows), unit="D")
    push = (amount - 50) / 20 + (plan == "pro") + (day.day_of_week >= 5) - 0.3
    frame = pd.DataFrame(
        {
            "amount": np.where(rng.random(rows) < 0.1, np.nan, amount),
            "age": age,
            "plan": pd.Series(plan).where(rng.random(rows) > 0.1),
            "since": pd.Series(day).where(rng.random(rows) > 0.05),
            "member": rng.random(rows) < 0.4,
            "label": np.where(push + rng.normal(0, 0.5, rows) > 0, "stays", "leaves"),
        }
    )
    return frame


def make_texts(rows: int = 180, seed: int = 0) -> pd.DataFrame:
    """English and Korean messages of three classes, with a column that helps."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(["refund", "login", "praise"], rows, p=[0.5, 0.3, 0.2])
    written = [rng.choice((KOREAN if rng.random() < 0.3 else ENGLISH)[label]) for label in labels]
    texts = [f"{text} {rng.choice(['ok', 'now', 'hi', 'pls'])} {number}" for number, text in enumerate(written)]
    channel = np.where(rng.random(rows) < 0.8, labels, "login")
    return pd.DataFrame({"text": texts, "channel": channel, "label": labels})


@pytest.fixture(scope="session")
def table() -> Dataset:
    return Dataset.from_frame(make_table(), label="label")


@pytest.fixture(scope="session")
def texts() -> Dataset:
    return Dataset.from_frame(make_texts(), label="label", text="text", features=["channel"])


@pytest.fixture(scope="session")
def quick() -> Callable[[Recipe], Recipe]:
    """Make a recipe with a few trees of one: what is tested with it does not depend on how many."""

    def shortened(recipe: Recipe) -> Recipe:
        steps = {part: dict(settings) for part, settings in recipe.steps.items()}
        trees = {"HistGradientBoostingClassifier": "max_iter", "RandomForestClassifier": "n_estimators"}
        if steps["classifier"]["name"] in trees:
            steps["classifier"][trees[steps["classifier"]["name"]]] = 10
        return replace(recipe, steps=steps)

    return shortened
