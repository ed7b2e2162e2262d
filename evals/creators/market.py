"""Make one synthetic creator market: what a server may see, and apart from it the truth that only the scorer may see.

    python evals/creators/market.py dev  OUT      # or held; the same half gives the same bytes on every machine
    OUT/visible/{creators,products,shops,campaigns,history,probe}.jsonl
    OUT/truth/{utility.csv,outcomes.jsonl,persons.csv}

Standard library only. Randomness is `random.Random(seed)` alone; sums are rounded so that no platform's libm shows.
The model of the market is described in README.md; its numbers are the constants below.
"""

import csv
import json
import math
import random
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

INPUTS = Path(__file__).parent / "inputs"
SEEDS = {"dev": 20261124, "held": 907_331}
CREATORS, HISTORY, PROBE = 2000, 4000, 2000
TODAY = datetime(2026, 11, 24, 9, 0, tzinfo=timezone(timedelta(hours=8)))
ZH_PLATFORMS = [("抖音", 34), ("小红书", 30), ("快手", 14), ("B站", 12), ("视频号", 10)]
EN_PLATFORMS = [("TikTok", 55), ("Instagram", 25), ("YouTube", 20)]
ZH_REGIONS = [
    "北京",
    "上海",
    "广东",
    "浙江",
    "江苏",
    "四川",
    "湖北",
    "山东",
    "河南",
    "福建",
    "湖南",
    "陕西",
    "辽宁",
    "安徽",
    "重庆",
]
EN_REGIONS = ["美国", "英国", "加拿大", "澳大利亚", "菲律宾", "马来西亚", "新加坡", "泰国", "印度尼西亚", "越南"]
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"
GIVEN = "小禾阿宁一一多多晚星木子青柠半夏南风七月安然十三米粒北北乐言知秋初见西西"
EN_NAMES = [
    "Mia",
    "Jade",
    "Luca",
    "Nora",
    "Ravi",
    "Tess",
    "Owen",
    "Kaya",
    "Ivy",
    "Theo",
    "Lena",
    "Marco",
    "Priya",
    "Zane",
    "Faye",
    "Niko",
]
OPENERS = {
    "zh": ["", "家人们，", "说句实话，", "熬夜剪完：", "应评论区要求，", "第N次安利，", "不吹不黑，"],
    "en": ["", "Okay so ", "Honest take: ", "You asked: ", "POV: "],
}
ENDINGS = {
    "zh": ["", " 你们觉得呢", " 评论区见", " 链接别问了", " 下期更精彩", " 收藏不亏"],
    "en": ["", " Thoughts?", " Save for later.", " Part two soon."],
}
CHATTER = {
    "zh": [
        "今天下雨，出门忘带伞了。",
        "回老家陪爸妈吃饭，不营业。",
        "粉丝破万抽奖，评论区揪三位。",
        "堵在高架上四十分钟，先更一条。",
        "搬家第三天，网还没装好。",
    ],
    "en": ["Sunday reset and a long nap.", "Airport delays again, send snacks.", "Thank you for the milestone!"],
}
BIOS = {
    "zh": ["商务合作请发邮箱", "不接广", "只接用过的东西", "日更", "佛系更新", ""],
    "en": ["collabs: email me", "no paid ads", "daily uploads", "just for fun", ""],
}
CHANNELS = ["邮件", "私信", "tk私信", "tk计划"]

# What a reply, a cooperation and a sale hang on (log-odds and logs), see README.
REPLY = {"base": -2.1, "fit": 3.0, "commission": 4.0, "size": -0.55, "willing": 1.1, "stale": -0.9, "noise": 0.4}
COOP = {"base": -2.0, "fit": 3.6, "offer": 1.2, "willing": 0.5, "noise": 0.4}
CHANNEL = {"邮件": 0.0, "私信": -0.2, "tk私信": 0.15, "tk计划": 0.35}


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def pick(rng, weighted):
    return rng.choices([w[0] for w in weighted], [w[1] for w in weighted])[0]


def topics():
    """{topic: {"category", "zh": [sentence], "en": [sentence]}} of inputs/topics.txt."""
    found = {}
    for line in (INPUTS / "topics.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, zh, en = line.split("|")
            found[name] = {"category": name.split("/")[0], "zh": zh.split("／"), "en": en.split("／")}
    return found


def interests(rng, names):
    """Latent weights over topics: one to three near topics carry most, a breath of noise on one more."""
    first = rng.choice(names)
    near = [n for n in names if n.split("/")[0] == first.split("/")[0] and n != first]
    chosen = {first: 1.0}
    if rng.random() < 0.6:
        chosen[rng.choice(near)] = rng.uniform(0.3, 0.9)
    if rng.random() < 0.45:
        chosen[rng.choice(names)] = rng.uniform(0.2, 0.7)
    total = sum(chosen.values())
    return {k: round(v / total, 4) for k, v in chosen.items()}


def post(rng, language, loves, table, names):
    if rng.random() < 0.15:
        return rng.choice(CHATTER[language])
    topic = rng.choices(list(loves), list(loves.values()))[0] if rng.random() < 0.93 else rng.choice(names)
    tag = f" #{topic.split('/')[1]}" if language == "zh" and rng.random() < 0.3 else ""
    return rng.choice(OPENERS[language]) + rng.choice(table[topic][language]) + rng.choice(ENDINGS[language]) + tag


def price_of(rng, followers, willing):
    return round(max(50.0, 18 * (followers / 1000) ** 0.82 * math.exp(rng.gauss(0, 0.35) - 0.15 * willing)) / 10) * 10


def creator(rng, number, table, names):
    """(visible row, latent row). Unknown figures are null, never 0."""
    language = "zh" if rng.random() < 0.72 else "en"
    loves = interests(rng, names)
    followers = round(min(5e6, max(800, math.exp(rng.gauss(10.3, 1.35)))))
    willing, quality = rng.gauss(0, 1), rng.gauss(0, 1)
    engagement = round(
        max(0.002, min(0.25, 0.06 * (followers / 1e4) ** -0.18 * math.exp(0.35 * quality + rng.gauss(0, 0.2)))), 4
    )
    stale = rng.random() < 0.12
    last = TODAY - timedelta(days=rng.randint(61, 300) if stale else rng.randint(0, 30), minutes=rng.randint(0, 1400))
    name = (
        rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2))
        if language == "zh"
        else f"{rng.choice(EN_NAMES)} {chr(65 + number % 26)}."
    )
    shown = sorted({t.split("/")[0] for t in loves})
    if rng.random() < 0.06:
        shown = [rng.choice([n.split("/")[0] for n in names])]
    bio = rng.choice(BIOS[language])
    if willing > 0.7 and rng.random() < 0.6:
        bio = BIOS[language][0]
    elif willing < -0.9 and rng.random() < 0.5:
        bio = BIOS[language][1]
    price = price_of(rng, followers, willing)
    gmv = round(followers * engagement * math.exp(0.8 * quality + rng.gauss(0, 0.5)) * 1.5)
    row = {
        "creatorId": f"c{number:05d}",
        "name": name,
        "platform": pick(rng, ZH_PLATFORMS if language == "zh" else EN_PLATFORMS),
        "handle": f"@u{number * 7919 % 99991:05d}",
        "region": rng.choice(ZH_REGIONS if language == "zh" else EN_REGIONS),
        "language": language,
        "categories": shown,
        "followers": followers,
        "engagement_rate": engagement,
        "avg_views": round(followers * engagement * rng.uniform(2, 6)),
        "price": None if rng.random() < 0.2 else price,
        "gmv_30d": None if rng.random() < 0.4 else gmv,
        "bio": bio,
        "email": f"u{number:05d}@creators.example",
        "last_post_at": last.isoformat(),
        "posts": [post(rng, language, loves, table, names) for _ in range(rng.randint(4, 9))],
    }
    return row, {
        "loves": loves,
        "willing": willing,
        "quality": quality,
        "stale": stale,
        "price": price,
        "person": f"p{number:05d}",
    }


def second_identity(rng, number, row, latent, table, names):
    """The same person on another platform: own id, handle and size, the same email or the same name and bio."""
    other, hidden = creator(rng, number, table, names)
    pool = [p for p, _ in (ZH_PLATFORMS if row["language"] == "zh" else EN_PLATFORMS) if p != row["platform"]]
    other |= {
        "platform": rng.choice(pool),
        "name": row["name"],
        "language": row["language"],
        "region": row["region"],
        "categories": row["categories"],
        "bio": row["bio"],
    }
    other["email"] = row["email"] if rng.random() < 0.7 else row["email"].replace("@", "+work@")
    other["posts"] = [post(rng, row["language"], latent["loves"], table, names) for _ in range(5)]
    return other, {**hidden, **{k: latent[k] for k in ("loves", "willing", "quality", "person")}}


def products(half):
    found = []
    for i, line in enumerate((INPUTS / f"products_{half}.txt").read_text(encoding="utf-8").splitlines(), 1):
        name, topic, language, price, commission, brief = line.split("|")
        row = {
            "productId": f"{half[0]}{i:03d}",
            "shopId": f"shop{i % 3 + 1}",
            "name": name,
            "category": topic.split("/")[0],
            "language": language,
            "price": float(price) * (7.1 if language == "en" else 1),
            "commission": float(commission),
            "brief": brief,
        }
        row["price"] = round(row["price"], 2)
        found.append((row, topic))
    return found


def fit(latent, row, product, topic):
    """Closeness in [0, 1]: the topic, its category, the language."""
    loves = latent["loves"]
    near = loves.get(topic, 0) + 0.35 * sum(
        w for t, w in loves.items() if t != topic and t.split("/")[0] == topic.split("/")[0]
    )
    return round(min(1.0, near) * (1.0 if row["language"] == product["language"] else 0.12), 6)


def pair(row, latent, product, topic):
    """(P(reply) by mail, P(cooperate | reply), units sold if it cooperates, expected net value of a contact in CNY)."""
    f, size = fit(latent, row, product, topic), math.log10(row["followers"] / 1e4)
    reply = (
        REPLY["base"]
        + REPLY["fit"] * f
        + REPLY["commission"] * (product["commission"] - 0.18)
        + REPLY["size"] * size
        + REPLY["willing"] * latent["willing"]
        + REPLY["stale"] * latent["stale"]
    )
    fee = latent["price"]
    offer = max(
        -1.5,
        min(
            1.5,
            math.log(
                (0.02 * row["followers"] * row["engagement_rate"] * product["price"] * product["commission"] + 100)
                / (fee + 100)
            ),
        ),
    )
    coop = COOP["base"] + COOP["fit"] * f + COOP["offer"] * offer + COOP["willing"] * latent["willing"]
    units = (
        row["followers"]
        * row["engagement_rate"]
        * 0.035
        * (0.08 + f)
        * math.exp(0.5 * latent["quality"])
        * (60 / (product["price"] + 60)) ** 0.6
    )
    p_reply, p_coop = sigmoid(reply), sigmoid(coop)
    margin = 0.55 - product["commission"]
    value = p_reply * p_coop * (units * product["price"] * margin - fee)
    return round(p_reply, 6), round(p_coop, 6), round(units, 4), round(value, 4)


def contact(rng, half, number, when, creators, goods, dyadic):
    """One past contact with its visible features and its outcome: 60 % aimed by a fair matcher, 40 % random."""
    row, latent = creators[rng.randrange(len(creators))]
    product, topic = goods[rng.randrange(len(goods))]
    if rng.random() < 0.6:
        row, latent = max(
            (creators[rng.randrange(len(creators))] for _ in range(12)),
            key=lambda c: fit(c[1], c[0], product, topic) + rng.gauss(0, 0.15),
        )
    f, channel = fit(latent, row, product, topic), rng.choice(CHANNELS if row["platform"] == "TikTok" else CHANNELS[:2])
    p_reply, p_coop, units, _ = pair(row, latent, product, topic)
    lift = CHANNEL[channel] + rng.gauss(0, REPLY["noise"]) + dyadic
    replied = rng.random() < sigmoid(math.log(p_reply / (1 - p_reply)) + lift)
    coop = replied and rng.random() < sigmoid(math.log(p_coop / (1 - p_coop)) + rng.gauss(0, COOP["noise"]))
    features = {
        "taskId": f"{half}-t{number:05d}",
        "productId": product["productId"],
        "shopId": product["shopId"],
        "creatorId": row["creatorId"],
        "contact_method": channel,
        "contacted_at": when.isoformat(),
        "match_score": round(max(0.0, min(1.0, 0.15 + 0.75 * f + rng.gauss(0, 0.12))), 4),
        "desirability_score": round(max(0.0, min(1.0, sigmoid(0.9 * latent["willing"] + rng.gauss(0, 0.9)))), 4),
    }
    sold = max(0, round(units * math.exp(rng.gauss(0, 0.4)))) if coop else 0
    hours = round(rng.uniform(1, 120), 1) if replied else None
    return features, {"is_replied": replied, "is_cooperation": coop, "sales": sold, "reply_hours": hours}


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False, sort_keys=True) + "\n" for r in rows), encoding="utf-8")


def campaigns(rng, creators, goods):
    """One campaign a product: a budget in CNY, how many at most, and hard limits that leave at least 60 people."""
    for product, _ in goods:
        floor = rng.choice([0, 5000, 10_000])
        ceiling = rng.choice([100_000, 500_000, 5_000_000])
        platforms = sorted({r["platform"] for r, _ in creators if r["language"] == product["language"]})
        if rng.random() < 0.5:
            platforms = sorted(rng.sample(platforms, min(2, len(platforms))))
        limits = {
            "language": product["language"],
            "platforms": platforms,
            "followers_min": floor,
            "followers_max": ceiling,
        }
        if sum(allowed(r, limits) for r, _ in creators) < 60:
            limits |= {"followers_min": 0, "followers_max": 5_000_000}
        yield {
            "taskId": f"camp-{product['productId']}",
            "productId": product["productId"],
            "shopId": product["shopId"],
            "limits": limits,
            "max_count": rng.choice([5, 10, 20]),
            "budget": rng.choice([1500, 4000, 10_000, 30_000]),
        }


def allowed(row, limits):
    return (
        row["language"] == limits["language"]
        and row["platform"] in limits["platforms"]
        and limits["followers_min"] <= row["followers"] <= limits["followers_max"]
    )


def main():
    half, out = sys.argv[1], Path(sys.argv[2])
    rng, table = random.Random(SEEDS[half]), topics()  # noqa: S311  a market, not a secret
    names = list(table)
    creators = []
    while len(creators) < CREATORS:
        creators.append(creator(rng, len(creators) + 1, table, names))
        if rng.random() < 0.07 and len(creators) < CREATORS:
            creators.append(second_identity(rng, len(creators) + 1, *creators[-1], table, names))
    goods = products(half)
    start = TODAY - timedelta(days=240)
    contacts = []
    for i in range(HISTORY + PROBE):
        when = start + timedelta(minutes=round(i * 240 * 1440 / (HISTORY + PROBE)))
        drift = 0.4 * (i / (HISTORY + PROBE) - 0.5)  # people answer a little more readily as the year goes
        contacts.append(contact(rng, half, i + 1, when, creators, goods, drift))
    write(out / "visible/creators.jsonl", [r for r, _ in creators])
    write(out / "visible/products.jsonl", [p for p, _ in goods])
    write(
        out / "visible/shops.jsonl",
        [{"shopId": f"shop{i}", "name": n} for i, n in enumerate(("晨屿生活馆", "拾光好物", "Northlight Store"), 1)],
    )
    write(out / "visible/campaigns.jsonl", campaigns(rng, creators, goods))
    write(out / "visible/history.jsonl", [{**f, **o} for f, o in contacts[:HISTORY]])
    write(out / "visible/probe.jsonl", [f for f, _ in contacts[HISTORY:]])
    write(out / "truth/outcomes.jsonl", [{"taskId": f["taskId"], **o} for f, o in contacts[HISTORY:]])
    with (out / "truth/utility.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["productId", "creatorId", "fit", "p_reply", "p_coop", "units", "value", "fee"])
        for product, topic in goods:
            for row, latent in creators:
                rows.writerow(
                    [
                        product["productId"],
                        row["creatorId"],
                        fit(latent, row, product, topic),
                        *pair(row, latent, product, topic),
                        latent["price"],
                    ]
                )
    with (out / "truth/persons.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["creatorId", "personId"], *((r["creatorId"], h["person"]) for r, h in creators)])


if __name__ == "__main__":
    main()
