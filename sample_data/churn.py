"""Makes ``churn.csv``: customers of an invented internet provider, whose churn is recorded by hand and often wrongly.

A customer has churned when the exit form is filed. Away from the shops, on the phone and at partners, half of the forms
are forgotten; and of customers who pay by invoice many are booked as gone who only changed their payment. So the labels
are wrong where people made them wrong. The test customers were called and asked: their labels are right, which is how
one would audit a test set. ``true_label`` knows for all. The data card, ``churn.md``, has the figures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["make_churn"]

Flags = npt.NDArray[np.bool_]

CUSTOMERS = 5_860
EXACT_COPIES = 100
CONFLICTING_COPIES = 40
TODAY = pd.Timestamp("2026-06-30")

AUDITED = 0.3  # share of customers who were asked: the test set
LEAVING = 0.1  # share of customers who leave, outside the weak slices
FORGOTTEN = 0.3  # share of exit forms that are never filed
FORGOTTEN_AWAY = 0.45  # ... by partners and on the phone
WRONG_CUSTOMER = 0.01  # share of staying customers who are booked as gone
WRONG_INVOICE = 0.45  # ... of those who pay by invoice


def make_churn(seed: int = 0) -> pd.DataFrame:
    """Make the table; the same seed gives the same table.

    Parameters
    ----------
    seed : int
        Seed of all draws.

    Returns
    -------
    DataFrame of shape (6000, 19)
        ``customer_id`` first; ``split``, ``label`` and ``true_label`` last.
    """
    random = np.random.default_rng(seed)
    customers = _customers(random)
    left = _leave(customers, random)
    audited = random.random(CUSTOMERS) < AUDITED
    recorded = np.where(audited, left, _record(customers, left, random))
    customers = _forget_cells(customers, random)
    words = np.array(["stayed", "churned"])
    customers["split"] = np.where(audited, "test", "train")
    customers["label"] = words[recorded.astype(int)]
    customers["true_label"] = words[left.astype(int)]
    return _add_copies(customers, random)


def weak_slices(customers: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The two segments in which nothing on record tells who leaves, as masks."""
    islands = (customers["region"] == "islands") & (customers["contract"] == "yearly")
    offices = (customers["plan"] == "business") & (customers["sales_channel"] == "partner")
    offices &= customers["contract"] != "prepaid"
    return islands, offices & ~islands


def _customers(random: np.random.Generator) -> pd.DataFrame:
    n = CUSTOMERS

    def choice(shares: dict[str, float]) -> npt.NDArray[np.str_]:
        return random.choice(list(shares), size=n, p=list(shares.values()))

    plan = choice({"basic": 0.38, "plus": 0.32, "family": 0.2, "business": 0.1})
    tenure = np.minimum(random.gamma(1.6, 17.0, n), 132).round().astype(int)
    calls = random.poisson(1.3, n)
    fee = pd.Series(plan).map({"basic": 24, "plus": 36, "family": 47, "business": 62}) + random.normal(0, 6, n)
    return pd.DataFrame(
        {
            "customer_id": [f"C{number:06d}" for number in 100_000 + random.permutation(800_000)[:n]],
            "signup_date": TODAY - pd.to_timedelta(tenure * 30 + random.integers(0, 30, n), unit="D"),
            "last_contact": TODAY - pd.to_timedelta(random.integers(1, 400, n), unit="D"),
            "region": choice({"north": 0.27, "south": 0.23, "east": 0.22, "west": 0.2, "islands": 0.08}),
            "sales_channel": choice({"web": 0.4, "shop": 0.26, "phone": 0.18, "partner": 0.16}),
            "plan": plan,
            "contract": choice({"monthly": 0.38, "yearly": 0.27, "two years": 0.15, "prepaid": 0.2}),
            "payment_method": choice({"direct debit": 0.46, "card": 0.3, "invoice": 0.24}),
            "age": random.normal(46, 15, n).clip(18, 92).round(),
            "tenure_months": tenure,
            "monthly_fee": fee.clip(12, None).round(2),
            "data_usage_gb": random.gamma(4.0, 22.0, n).round(1),
            "support_calls": calls,
            "late_payments": random.poisson(0.7, n),
            "satisfaction": random.normal(3.5, 1.0, n).round().clip(1, 5),
            "paperless": random.random(n) < 0.6,
        }
    )


def _leave(customers: pd.DataFrame, random: np.random.Generator) -> Flags:
    """Who really left: nearly a rule of five columns, and a coin toss in the two weak slices."""
    risk = (
        customers["contract"].map({"monthly": 1.2, "yearly": 0.0, "two years": -1.2, "prepaid": 0.0})
        + 0.7 * customers["support_calls"]
        + 0.7 * customers["late_payments"]
        - 0.02 * customers["tenure_months"].clip(0, 60)
        - 0.15 * customers["satisfaction"]
    ).to_numpy()
    prepaid = (customers["contract"] == "prepaid").to_numpy()
    usage = customers["data_usage_gb"].to_numpy()
    left: Flags = np.where(
        prepaid,
        usage < np.quantile(usage[prepaid], LEAVING),
        risk > np.quantile(risk[~prepaid], 1 - LEAVING),
    )
    for weak in weak_slices(customers):
        left[weak] = random.random(int(weak.sum())) < 0.5
    return left


def _record(customers: pd.DataFrame, left: Flags, random: np.random.Generator) -> Flags:
    """What was recorded: forms forgotten, most by partners and on the phone, and forms filed for somebody else."""
    away = customers["sales_channel"].isin(["phone", "partner"]).to_numpy()
    invoice = (customers["payment_method"] == "invoice").to_numpy()
    forgotten = np.where(away, FORGOTTEN_AWAY, FORGOTTEN)
    mistaken = np.where(invoice, WRONG_INVOICE, WRONG_CUSTOMER)
    wrong: Flags = random.random(len(left)) < np.where(left, forgotten, mistaken)
    return left ^ wrong


def _forget_cells(customers: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Leave cells empty: surveys nobody answered, ages nobody asked for, contacts that never were."""
    shares = {"satisfaction": 0.15, "age": 0.06, "last_contact": 0.18, "data_usage_gb": 0.04, "payment_method": 0.03}
    for column, share in shares.items():
        customers[column] = customers[column].mask(random.random(len(customers)) < share)
    return customers


def _add_copies(customers: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Enter some customers twice, under a new number; some of them with the other label. Then shuffle."""
    # Only in train: the customers of the test set were asked.
    leavers = ((customers["true_label"] == "churned") & (customers["split"] == "train")).to_numpy()
    order = random.permutation(len(customers))
    conflicting = order[leavers[order]][:CONFLICTING_COPIES]
    exact = order[~np.isin(order, conflicting)][:EXACT_COPIES]
    chosen = np.concatenate([exact, conflicting])
    copies = customers.iloc[chosen].copy()
    copies["customer_id"] = [f"C{number:06d}" for number in 900_000 + random.permutation(90_000)[: len(copies)]]
    other = copies["label"].map({"stayed": "churned", "churned": "stayed"})
    copies["label"] = copies["label"].where(np.arange(len(copies)) < EXACT_COPIES, other)
    table = pd.concat([customers, copies], ignore_index=True)
    return table.iloc[random.permutation(len(table))].reset_index(drop=True)
