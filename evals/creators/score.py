"""Score a system's answers against the hidden truth of a market made by market.py.

    python evals/creators/score.py MARKET ranked|choice|probe ANSWERS.jsonl

ranked: {"productId", "creatorIds": [best first]} a product       → hit@k, NDCG@20, mean fit@20, persons repeated
choice: {"taskId", "creatorIds": [chosen]} a campaign             → feasible share, value against the bound
probe:  {"taskId", "p_reply"?: p, "p_coop": p} a probe contact    → Brier, log loss, ECE, AUC of each
"""

import csv
import json
import math
import sys
from collections import defaultdict
from pathlib import Path


def lines(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def truth(market):
    """{productId: {creatorId: {fit, p_reply, p_coop, units, value, fee}}}, {creatorId: personId}."""
    table = defaultdict(dict)
    with (market / "truth/utility.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            product, one = row.pop("productId"), row.pop("creatorId")
            table[product][one] = {k: float(v) for k, v in row.items()}
    with (market / "truth/persons.csv").open(encoding="utf-8") as file:
        persons = {r["creatorId"]: r["personId"] for r in csv.DictReader(file)}
    return table, persons


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else float("nan")


def repeated(ids, persons):
    return len(ids) - len({persons[i] for i in ids})


def ranked(market, answers):
    """Relevant = the 40 creators (2 %) of greatest true value; gains of NDCG are true values above nought."""
    table, persons = truth(market)
    given = {a["productId"]: a["creatorIds"] for a in answers}
    scores = defaultdict(list)
    for product, row in table.items():
        best = sorted(row, key=lambda c: (-row[c]["value"], c))
        top, ids = set(best[:40]), list(dict.fromkeys(given.get(product, [])))
        for k in (1, 5, 10, 20):
            scores[f"hit@{k}"].append(bool(top & set(ids[:k])))
            scores[f"precision@{k}"].append(len(top & set(ids[:k])) / k)

        def gain(order, row=row):
            return sum(max(0.0, row[c]["value"]) / math.log2(i + 2) for i, c in enumerate(order[:20]))

        scores["ndcg@20"].append(gain(ids) / gain(best))
        scores["fit@20"].append(mean(row[c]["fit"] for c in ids[:20]) if ids else 0.0)
        scores["persons repeated@20"].append(repeated(ids[:20], persons))
    return {k: round(mean(v), 4) for k, v in scores.items()}


def allowed(row, limits):
    return (
        row["language"] == limits["language"]
        and row["platform"] in limits["platforms"]
        and limits["followers_min"] <= row["followers"] <= limits["followers_max"]
    )


def bound(options, budget, count):
    """Least Lagrangian upper bound on the value of `count` of [(value, fee)] within `budget`."""

    def dual(price):
        kept = sorted((v - price * f for v, f in options), reverse=True)[:count]
        return sum(max(0.0, x) for x in kept) + price * budget

    return min(dual(10 ** (e / 20)) for e in range(-80, 61)) if options else 0.0


def choice(market, answers):
    """Fees are the true ones: a creator of unknown price has one all the same. Infeasible choices are worth nought."""
    table, persons = truth(market)
    creators = {r["creatorId"]: r for r in lines(market / "visible/creators.jsonl")}
    given = {a["taskId"]: a["creatorIds"] for a in answers}
    scores, worth, best = defaultdict(list), 0.0, 0.0
    for campaign in lines(market / "visible/campaigns.jsonl"):
        row, limits, ids = table[campaign["productId"]], campaign["limits"], given.get(campaign["taskId"], [])
        eligible = [c for c in creators if allowed(creators[c], limits)]
        one = {}
        for c in sorted(eligible, key=lambda c: -row[c]["value"]):
            one.setdefault(persons[c], c)
        limit = bound(
            [(row[c]["value"], row[c]["fee"]) for c in one.values() if row[c]["value"] > 0],
            campaign["budget"],
            campaign["max_count"],
        )
        known = sum(creators[c]["price"] or 0 for c in ids)
        fine = {
            "constraints": all(c in creators and allowed(creators[c], limits) for c in ids),
            "count": len(ids) <= campaign["max_count"],
            "known fees within budget": known <= campaign["budget"],
            "true fees within budget": sum(row[c]["fee"] for c in ids) <= campaign["budget"],
            "no person twice": not repeated(ids, persons),
        }
        for k, v in fine.items():
            scores[k].append(v)
        value = sum(row[c]["value"] for c in ids) if all(fine.values()) else 0.0
        scores["share of bound"].append(max(0.0, value) / limit if limit else 1.0)
        worth, best = worth + value, best + limit
    return {
        **{k: round(mean(v), 4) for k, v in scores.items()},
        "value over all": round(worth),
        "bound over all": round(best),
        "value/bound": round(worth / best, 4),
    }


def probe(market, answers):
    """ECE over ten bins of equal count."""
    outcome, given, scores = (
        {o["taskId"]: o for o in lines(market / "truth/outcomes.jsonl")},
        {a["taskId"]: a for a in answers},
        {"missing": 0},
    )
    for name, key in (("p_reply", "is_replied"), ("p_coop", "is_cooperation")):
        pairs = [
            (min(1.0, max(0.0, given[t][name])), bool(o[key])) for t, o in outcome.items() if name in given.get(t, {})
        ]
        pairs.sort(key=lambda pair: pair[0])  # not by outcome: ties must stay in the order of time
        scores["missing"] += len(outcome) - len(pairs)
        if not pairs:
            continue
        rate, size = mean(y for _, y in pairs), max(1, len(pairs) // 10)
        bins = [pairs[i : i + size] for i in range(0, len(pairs), size)]
        yes, no = [p for p, y in pairs if y], [p for p, y in pairs if not y]
        scores[name] = {
            "brier": round(mean((p - y) ** 2 for p, y in pairs), 5),
            "brier of the base rate": round(rate * (1 - rate), 5),
            "log loss": round(-mean(math.log(max(1e-9, p if y else 1 - p)) for p, y in pairs), 5),
            "ece": round(
                sum(len(b) * abs(mean(p for p, _ in b) - mean(y for _, y in b)) for b in bins) / len(pairs), 5
            ),
            "auc": round(sum((a > b) + (a == b) / 2 for a in yes for b in no) / max(1, len(yes) * len(no)), 4),
        }
    return scores


if __name__ == "__main__":
    print(
        json.dumps(
            {"ranked": ranked, "choice": choice, "probe": probe}[sys.argv[2]](Path(sys.argv[1]), lines(sys.argv[3])),
            ensure_ascii=False,
            indent=1,
        )
    )
