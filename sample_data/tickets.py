"""Makes ``tickets.csv``: support texts of an invented web shop, sorted by hand into six classes, sometimes wrongly.

A text is put together from an opening, one or two complaints, a detail and a closing, each drawn from many; some
complaints could stand in two classes (a charge that should come back, a parcel that is returned), and some tickets
mention a second matter in passing. About one in six is Korean. Agents confuse what customers confuse: that is the label
noise. ``true_label`` knows better. The data card, ``tickets.md``, has the figures.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["make_tickets"]

TICKETS = 4_000
KOREAN = 0.16
WRONG = 0.12
ASIDE = 0.28  # share of tickets that mention another matter in passing
TYPOS = 0.25

SHARES = {
    "delivery": 0.31,
    "billing": 0.24,
    "technical": 0.19,
    "refund": 0.14,
    "account": 0.08,
    "cancellation": 0.04,
}
# What an agent picks instead, by class: the pairs that read alike.
CONFUSED = {
    "delivery": ("refund", "technical"),
    "billing": ("refund", "account"),
    "technical": ("account", "delivery"),
    "refund": ("billing", "delivery"),
    "account": ("technical", "billing"),
    "cancellation": ("billing", "account"),
}

MATTERS = {
    "delivery": (
        "my parcel has not arrived",
        "the tracking has said 'in transit' for {n} days",
        "the {item} came with a dented box",
        "the courier left the {item} in the rain",
        "you sent the {item} to my old address",
        "half of the order is missing",
        "the delivery window passed and nobody rang",
        "I received somebody else's {item}",
        "the {item} arrived broken",
        "your driver marked it as delivered but there is nothing here",
        "when will order {order} ship",
        "the pick-up point says they never got the {item}",
        "express shipping took {n} days",
    ),
    "billing": (
        "I was charged twice for order {order}",
        "the invoice shows {money} but the shop said less",
        "there is a charge of {money} that I do not recognise",
        "the voucher was not taken off the bill",
        "my card was billed after the trial",
        "I need the invoice for the {item} with our VAT number",
        "why did the price of the {item} change at checkout",
        "the monthly fee went up to {money} without notice",
        "payment by card fails although the bank says it is fine",
        "you still bill me {money} a month",
        "the receipt has the wrong company name",
    ),
    "technical": (
        "the app crashes when I open the basket",
        "the {item} does not turn on",
        "the website shows a blank page on my phone",
        "the {item} loses its connection every {n} minutes",
        "after the update nothing loads",
        "the search finds nothing at all",
        "error {n}04 when I upload a photo",
        "the {item} will not pair with my phone",
        "the video freezes",
        "the page keeps logging me out",
        "the firmware of the {item} cannot be installed",
        "checkout hangs on the last step",
    ),
    "refund": (
        "I sent the {item} back {n} weeks ago and still have no money",
        "I would like my {money} back",
        "the refund for order {order} is less than I paid",
        "how do I return the {item}",
        "you promised a refund of {money}",
        "the return label does not print",
        "the {item} is not as described, take it back",
        "the refund went to a card that I no longer have",
        "I returned the broken {item}, where is the refund",
        "please reverse the charge of {money}",
    ),
    "account": (
        "I cannot log in",
        "the password reset mail never comes",
        "please change my mail address",
        "my account is locked after {n} tries",
        "somebody else has used my account",
        "how do I turn on two-step login",
        "I have two accounts and want to merge them",
        "the code sent to my phone is not accepted",
        "my loyalty points have vanished",
        "please update the name on my profile",
    ),
    "cancellation": (
        "please cancel my subscription",
        "I want to cancel order {order} before it ships",
        "I no longer need the {item}",
        "end my contract at the end of the month",
        "how do I stop the membership",
        "cancel everything, I am moving abroad",
        "I ordered the {item} by mistake",
        "take me off the monthly plan",
    ),
}
KOREAN_MATTERS = {
    "delivery": (
        "{item_ko} 택배가 아직 안 왔어요",
        "배송 조회가 {n}일째 그대로입니다",
        "상자가 찌그러진 채로 왔습니다",
        "다른 사람 {item_ko}이 왔어요",
        "주문 {order} 언제 출발하나요",
        "배송 완료라고 뜨는데 물건이 없습니다",
        "예전 주소로 보내셨네요",
    ),
    "billing": (
        "주문 {order} 결제가 두 번 됐어요",
        "청구서 금액이 {money_ko}으로 잘못 나왔습니다",
        "쿠폰이 적용되지 않았어요",
        "모르는 결제 {money_ko}이 있습니다",
        "세금계산서 발행 부탁드립니다",
        "이번 달 요금이 왜 올랐나요",
    ),
    "technical": (
        "앱이 자꾸 꺼져요",
        "{item_ko} 전원이 안 켜집니다",
        "업데이트 후에 화면이 안 나와요",
        "결제 화면에서 멈춥니다",
        "블루투스 연결이 {n}분마다 끊겨요",
        "사진 업로드할 때 오류가 납니다",
    ),
    "refund": (
        "{item_ko} 반품했는데 환불이 안 됐어요",
        "{money_ko} 돌려주세요",
        "환불 금액이 결제한 것보다 적습니다",
        "반품은 어떻게 하나요",
        "고장난 제품 환불해 주세요",
        "결제 취소하고 환불 부탁드립니다",
    ),
    "account": (
        "로그인이 안 됩니다",
        "비밀번호 재설정 메일이 오지 않아요",
        "계정이 잠겼습니다",
        "이메일 주소를 바꾸고 싶어요",
        "인증번호가 안 맞다고 나와요",
        "적립금이 사라졌어요",
    ),
    "cancellation": (
        "구독 해지하고 싶어요",
        "주문 {order} 취소해 주세요",
        "실수로 {item_ko} 주문했어요",
        "이번 달까지만 쓰고 해지할게요",
        "멤버십 그만 쓸게요",
    ),
}
OPENINGS = (
    "Hi,",
    "Hello,",
    "Good morning,",
    "Dear team,",
    "To whom it may concern,",
    "hey",
    "Hi there,",
    "",
    "",
    "",
    "URGENT:",
    "Third time I write:",
    "Sorry to bother you, but",
    "Quick question:",
    "Hello support,",
)
LINKS = ("Also,", "By the way,", "And then,", "On top of that,", "While I am at it:", "Besides,")
DETAILS = (
    "I bought it on {day}.",
    "This is for order {order}.",
    "I have been a customer for {n} years.",
    "It worked until {day}.",
    "I already called on {day}.",
    "My colleague has the same.",
    "The chat could not help.",
    "I attach a picture.",
    "",
    "",
    "",
    "I need this by {day}.",
    "It is a present.",
    "Nobody answers the phone.",
    "I tried it on two devices.",
)
CLOSINGS = (
    "Thanks",
    "Thank you, {name}",
    "Regards, {name}",
    "Please help.",
    "What can I do?",
    "Please answer soon.",
    "",
    "",
    "",
    "Best, {name}",
    "Not happy.",
    "Cheers",
    "Waiting for your answer.",
)
KOREAN_OPENINGS = ("안녕하세요.", "안녕하세요,", "수고하십니다.", "", "", "문의드립니다.", "급합니다!")
KOREAN_LINKS = ("그리고,", "참고로,", "또,", "그런데,")
KOREAN_CLOSINGS = (
    "빨리 확인해 주세요.",
    "답변 부탁드립니다.",
    "감사합니다.",
    "",
    "",
    "어떻게 해야 하나요?",
    "확인 바랍니다.",
)
ITEMS = (
    "headphones",
    "kettle",
    "lamp",
    "keyboard",
    "jacket",
    "router",
    "camera",
    "desk",
    "speaker",
    "blender",
    "watch",
    "tent",
)
KOREAN_ITEMS = ("이어폰", "주전자", "키보드", "자켓", "공유기", "카메라", "책상", "스피커", "시계")
NAMES = ("Anna", "Tom", "J. Miller", "Priya", "Sam", "Mrs. Olsen", "Leo", "K. Tanaka", "Maria", "Ben")
DAYS = ("Monday", "Tuesday", "Friday", "the 3rd", "the 14th", "last week", "yesterday", "Sunday", "the 28th")


def make_tickets(seed: int = 0) -> pd.DataFrame:
    """Make the table; the same seed gives the same table.

    Parameters
    ----------
    seed : int
        Seed of all draws.

    Returns
    -------
    DataFrame of shape (4000, 7)
        ``ticket_id``, ``created``, ``channel``, ``product``, ``text``, ``label``, ``true_label``.
    """
    random = np.random.default_rng(seed)
    truth = random.choice(list(SHARES), size=TICKETS, p=list(SHARES.values()))
    korean = random.random(TICKETS) < KOREAN
    texts = [_text(matter, in_korean, random) for matter, in_korean in zip(truth, korean, strict=True)]
    label = np.where(_wrong(korean, random), _confuse(truth, random), truth)
    minutes = np.sort(random.integers(0, 240 * 24 * 60, TICKETS))
    return pd.DataFrame(
        {
            "ticket_id": [f"T{number:05d}" for number in random.permutation(90_000)[:TICKETS] + 10_000],
            "created": pd.Timestamp("2026-01-05 08:00") + pd.to_timedelta(minutes, unit="min"),
            "channel": random.choice(["mail", "chat", "form", "phone note"], TICKETS, p=[0.42, 0.3, 0.2, 0.08]),
            "product": random.choice(["shop", "club", "marketplace"], TICKETS, p=[0.62, 0.2, 0.18]),
            "text": texts,
            "label": label,
            "true_label": truth,
        }
    )


def _wrong(korean: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Which tickets were sorted wrongly: Korean ones more often, since few agents read them."""
    share = np.where(korean, 1.9 * WRONG, WRONG * (1 - 1.9 * KOREAN) / (1 - KOREAN))
    return random.random(len(korean)) < share


def _confuse(truth: np.ndarray, random: np.random.Generator) -> np.ndarray:
    second = random.random(len(truth)) < 0.3
    pairs = pd.Series(truth).map(CONFUSED)
    return np.where(second, pairs.str[1], pairs.str[0])


def _text(matter: str, in_korean: bool, random: np.random.Generator) -> str:
    matters = KOREAN_MATTERS if in_korean else MATTERS
    parts = [_one(KOREAN_OPENINGS if in_korean else OPENINGS, random), _one(matters[matter], random)]
    if random.random() < ASIDE:
        other = _one(tuple(name for name in SHARES if name != matter), random)
        parts += [_one(KOREAN_LINKS if in_korean else LINKS, random), _one(matters[other], random)]
    elif random.random() < 0.35:
        parts.append(_one(tuple(same for same in matters[matter] if same != parts[1]), random))
    if not in_korean:
        parts.append(_one(DETAILS, random))
    parts.append(_one(KOREAN_CLOSINGS if in_korean else CLOSINGS, random))
    return _finish(parts, in_korean, random)


def _finish(parts: list[str], in_korean: bool, random: np.random.Generator) -> str:
    """Fill the slots, then write it as people do: with and without full stops, in small letters, with slips."""
    stop = _one((".", ".", "!", "", "..."), random)
    joined = " ".join(part if part[-1] in ".,:!?" else part + stop for part in parts if part)
    text = joined.format(
        n=int(random.integers(2, 15)),
        order=int(random.integers(10_000, 99_999)),
        item=_one(ITEMS, random),
        item_ko=_one(KOREAN_ITEMS, random),
        money=f"${random.integers(5, 400)}.{random.integers(0, 100):02d}",
        money_ko=f"{random.integers(5, 400)},000원",
        day=_one(DAYS, random),
        name=_one(NAMES, random),
    )
    style = random.random()
    if style < 0.2:
        text = text.lower()
    elif style < 0.24:
        text = text.upper()
    if not in_korean and random.random() < TYPOS:
        text = _slip(text, random)
    return text.strip()


def _slip(text: str, random: np.random.Generator) -> str:
    """Swap two neighbouring letters, or lose one, once or twice."""
    for _ in range(int(random.integers(1, 3))):
        place = int(random.integers(1, max(2, len(text) - 2)))
        swapped = text[place + 1 : place + 2] + text[place : place + 1]
        text = text[:place] + (swapped if random.random() < 0.5 else swapped[:1]) + text[place + 2 :]
    return text


def _one(choices: tuple[str, ...], random: np.random.Generator) -> str:
    return choices[int(random.integers(len(choices)))]
