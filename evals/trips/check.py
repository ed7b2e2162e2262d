"""Check the frozen travel requests: codes exist, dates and counts agree, no destination in both halves.

python evals/trips/check.py DIVISIONS      # folder with provinces.csv, cities.csv, areas.csv
"""

import csv
import datetime as dt
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
OUTCOMES = {"ok", "ask", "invalid", "unknown_place"}


def check(row, codes, areas):
    body, gold = row["body"], row["gold"]
    if gold["outcome"] not in OUTCOMES:
        yield "outcome"
    for place in [gold["place"], *gold.get("accept_places", [])] if gold["outcome"] == "ok" else []:
        if place["code"] not in codes[place["level"]]:
            yield f"code {place}"
    if gold["outcome"] == "ask":
        names = {areas[c] for c in gold["candidates"]}
        if len(names) != 1 or sorted(c for c, n in areas.items() if n in names) != gold["candidates"]:
            yield f"candidates {gold['candidates']}"
        if not next(iter(names)).startswith(body["destination"]):
            yield "asked name is not in the request"
    if gold["outcome"] == "ok":
        start, end = (dt.date.fromisoformat(gold[k]) for k in ("startDate", "endDate"))
        if (end - start).days + 1 != gold["days"] or not 1 <= gold["days"] <= 60:
            yield "days"
        said = [dt.date(*map(int, re.split("[-/]", body[k]))) for k in ("startDate", "endDate")]
        if said != [start, end]:
            yield "dates differ from the body"


def main():
    folder = Path(sys.argv[1])
    tables = {
        level: list(csv.DictReader((folder / f"{name}.csv").open()))
        for level, name in (("province", "provinces"), ("city", "cities"), ("area", "areas"))
    }
    codes = {level: {r["code"] for r in rows} for level, rows in tables.items()}
    areas = {r["code"]: r["name"] for r in tables["area"]}
    faults, places = 0, {}
    for half in ("dev", "held"):
        rows = [json.loads(line) for line in (HERE / f"{half}.jsonl").read_text().splitlines()]
        places[half] = {r["body"].get("destination") for r in rows if r["gold"]["outcome"] == "ok"}
        for row in rows:
            for problem in check(row, codes, areas):
                faults += 1
                print(row["id"], problem, row["body"])
        print(half, len(rows), "requests")
        faults += len(rows) < 60 or len({r["id"] for r in rows}) != len(rows)
    if both := places["dev"] & places["held"]:
        faults += 1
        print("in both halves:", both)
    print(faults, "faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
