"""Form extraction on the frozen utterances: precision and recall a field, exact forms; beside a naive baseline.

    python evals/forms.py                  # the development half, with a line a form
    python evals/forms.py --misses 40      # and what was wrong
    python evals/forms.py --reliability    # and how often a confidence is right

The baseline, in the same run: for each field the first pattern of its type anywhere in the text. The rules of reading
and of equality are in ``evals/forms/README.md``. ``--held`` is for a release, once.
"""

import argparse
import json
import re
import sys
import time
import unicodedata
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from wenshu.services.forms.builtin import builtin
from wenshu.services.forms.extract import read

HERE = Path(__file__).parent / "forms"
FREE = {"Reason", "Fault", "Purpose"}
LONG = 150


def plain(value: object) -> str:
    text = unicodedata.normalize("NFKC", str(value)).lower()
    return re.sub(r"[\s\"'“”‘’《》]", "", text)


def grams(text: str) -> Counter[str]:
    return Counter(text[i : i + 2] for i in range(len(text) - 1))


def same(field: str, ours: Any, gold: Any) -> bool:  # noqa: PLR0911 (a rule a line)
    if isinstance(gold, bool) or isinstance(ours, bool):
        return ours is gold
    if isinstance(gold, int | float) and isinstance(ours, int | float):
        return abs(ours - gold) <= 0.005
    if isinstance(gold, list) and isinstance(ours, list):
        return {plain(one) for one in ours} == {plain(one) for one in gold}
    a, b = plain(ours), plain(gold)
    if field in FREE:
        short, long = sorted((a, b), key=len)
        if short and short in long and 2 * len(short) >= len(long):
            return True
        both = sum((grams(a) & grams(b)).values())
        total = sum(grams(a).values()) + sum(grams(b).values())
        return bool(total) and 2 * both / total >= 0.6
    if re.fullmatch(r"[\d\s+-]+", b):
        return re.sub(r"\D", "", a) == re.sub(r"\D", "", b)
    return a == b


def row_fields(items: Any) -> list[dict[str, Any]]:
    return items if isinstance(items, list) else []


class Score:
    """Counts of one set of answers."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.forms: Counter[str] = Counter()
        self.exact: Counter[str] = Counter()
        self.empty = self.false = self.unclear = self.left = self.named = 0
        self.aside = 0
        self.misses: list[str] = []
        self.sure: list[tuple[float, bool]] = []

    def add(self, row: dict[str, Any], result: dict[str, Any], named: set[str], sure: dict[str, float]) -> None:
        gold, form = row["gold"], row["form_id"]
        whole = True
        for field in set(gold) | set(result):
            whole &= self._field(row, form, field, gold.get(field), result.get(field), sure.get(field, 0.0))
        for field in row["unclear"]:
            self.unclear += 1
            self.left += field not in result
            self.named += field in named and field not in result
        self.forms[form] += 1
        self.exact[form] += whole
        if not gold and not row["unclear"]:
            self.empty += 1
            self.false += len(result)

    def _field(self, row: dict[str, Any], form: str, field: str, gold: Any, ours: Any, sure: float) -> bool:  # noqa: PLR0911
        key = f"{form}.{field}"
        if field == "Items":
            return self._items(key, row_fields(gold), row_fields(ours), row)
        accepted = row.get("accept", {}).get(field, [])
        if ours is None:
            if gold is not None and None not in accepted:
                self.missed[key] += 1
                self.misses.append(f"{row['id']} {field}: none, gold {gold!r} | {row['text'][:160]!r}")
                return False
            return True
        if gold is None:
            derived = row.get("derivable", {}).get(field)
            if derived is not None and same(field, ours, derived):
                return True
            if field in FREE and field not in row["unclear"] and plain(ours) in plain(row["text"]):
                self.aside += 1
                return True
        good = any(same(field, ours, one) for one in [gold, *accepted] if one is not None)
        self.sure.append((sure, good))
        if good:
            self.right[key] += 1
            return True
        self.wrong[key] += 1
        if gold is not None:
            self.missed[key] += 1
        self.misses.append(f"{row['id']} {field}: {ours!r}, gold {gold!r} | {row['text'][:160]!r}")
        return False

    def _items(self, key: str, gold: list[dict[str, Any]], ours: list[dict[str, Any]], row: dict[str, Any]) -> bool:
        left, whole = list(ours), True
        for one in gold:
            name = plain(one["Name"])
            found = next((o for o in left if plain(o["Name"]) in name or name in plain(o["Name"])), None)
            if found is not None:
                left.remove(found)
            for part, value in one.items():
                mine = None if found is None else found.get(part)
                good = mine is not None and (part == "Name" or same(part, mine, value))
                self.right[key] += good
                self.missed[key] += not good
                self.wrong[key] += not good and mine is not None
                whole &= good
            extra = set(found or ()) - set(one)
            self.wrong[key] += len(extra)
            whole &= not extra
        for one in left:
            self.wrong[key] += len(one)
            whole = False
        if not whole:
            self.misses.append(f"{row['id']} Items: {ours!r}, gold {gold!r} | {row['text'][:200]!r}")
        return whole

    def table(self, *, fields: bool) -> str:
        lines = [f"{'':24} {'P':>6} {'R':>6} {'F1':>6} {'exact':>7}"]
        for form in sorted(self.forms):
            keys = [k for k in self.right | self.wrong | self.missed if k.startswith(f"{form}.")]
            lines.append(self._line(form, keys) + f" {self.exact[form]:>3}/{self.forms[form]}")
            if fields:
                lines += [self._line(f"  {key.split('.')[1]}", [key]) for key in sorted(keys)]
        keys = list(self.right | self.wrong | self.missed)
        total, exact = sum(self.forms.values()), sum(self.exact.values())
        lines.append(self._line("all", keys) + f" {exact}/{total} = {exact / total:.1%}")
        lines.append(
            f"false per 100 empty ones: {100 * self.false / max(1, self.empty):.1f} ({self.false} in {self.empty})"
        )
        lines.append(
            f"unclear: left unfilled {self.left}/{self.unclear}, named {self.named}; text beside: {self.aside}"
        )
        return "\n".join(lines)

    def _line(self, name: str, keys: list[str]) -> str:
        right, wrong, missed = (sum(counts[key] for key in keys) for counts in (self.right, self.wrong, self.missed))
        p, r = right / max(1, right + wrong), right / max(1, right + missed)
        return f"{name:24} {p:6.3f} {r:6.3f} {2 * p * r / max(1e-9, p + r):6.3f}"

    def reliability(self) -> str:
        lines = ["confidence   n   right"]
        for low in range(10):
            of = [good for sure, good in self.sure if low / 10 <= sure < low / 10 + 0.1 + (low == 9)]
            if of:
                lines.append(f"{low / 10:.1f}–{low / 10 + 0.1:.1f}   {len(of):4}  {sum(of) / len(of):.2f}")
        return "\n".join(lines)


def baseline(form: dict[str, Any], text: str, now: datetime) -> dict[str, Any]:
    """What a quick script does: the first match of the field's type, and what stands behind its title."""
    found: dict[str, Any] = {}
    for name, field in form["properties"].items():
        value = _first(field, text, now)
        if value is not None:
            found[name] = value
    return found


def _first(field: dict[str, Any], text: str, now: datetime) -> Any:
    kind = field.get("format") or field.get("type")
    if "enum" in field:
        return next((value for value in field["enum"] if value in text), None)
    if kind in {"number", "integer"}:
        match = re.search(r"\d+(?:\.\d+)?", text)
        return None if match is None else float(match[0])
    if kind == "date":
        match = re.search(r"(?:(20\d\d)[-年/.])?(\d{1,2})[-月/.](\d{1,2})", text)
        return None if match is None else f"{match[1] or now.year}-{int(match[2]):02}-{int(match[3]):02}"
    if kind == "phone":
        match = re.search(r"1[3-9]\d{9}", text)
        return None if match is None else match[0]
    if kind in {"string", "person", "company"}:
        for label in (field["title"], *field.get("aliases", ())):
            match = re.search(rf"{re.escape(label)}[是为：: ]*([^，。；,;\s]+)", text)
            if match:
                return match[1]
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--held", action="store_true", help="the held half: once per release")
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--form", default="")
    parser.add_argument("--fields", action="store_true", help="a line a field")
    parser.add_argument("--reliability", action="store_true")
    asked = parser.parse_args()
    forms = json.loads((HERE / "forms.json").read_text())
    forms = {**forms, **builtin()}
    lines = (HERE / ("held.jsonl" if asked.held else "dev.jsonl")).read_text().splitlines()
    ours, naive, spent = Score(), Score(), 0.0
    short, long = Score(), Score()
    for row in map(json.loads, lines):
        if asked.form and not row["form_id"].startswith(asked.form):
            continue
        form, now = forms[row["form_id"]], datetime.fromisoformat(row["now"])
        began = time.process_time()
        said = read(form, row["text"], now, evidence=True)
        spent += time.process_time() - began
        named = {doubt.field for doubt in said.unclear or ()}
        sure = {name: min(one.confidence for one in of) for name, of in (said.evidence or {}).items()}
        ours.add(row, said.result or {}, named, sure)
        (long if len(row["text"]) >= LONG else short).add(row, said.result or {}, named, sure)
        naive.add(row, baseline(form, row["text"], now), set(), {})
    print(ours.table(fields=asked.fields))
    print("\nshort:", short.table(fields=False).splitlines()[-3])
    print("long: ", long.table(fields=False).splitlines()[-3])
    print(
        "\nnaive baseline:",
        naive.table(fields=False).splitlines()[-3],
        "\n",
        naive.table(fields=False).splitlines()[-2],
    )
    count = sum(ours.forms.values())
    print(f"\n{count / spent:.0f} utterances a second on one core")
    if asked.reliability:
        print(ours.reliability())
    for miss in ours.misses[: asked.misses]:
        print(miss)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
