"""Assignment: candidates × fields as one problem, so that what one field takes is no other's.

Solved exactly by the Hungarian method (Kuhn-Munkres with potentials, O(n²m)): a form has at most a hundred fields and
an utterance some dozens of candidates, for which 40 lines take about a millisecond; a solver library would be a
dependency for these lines alone.
"""

from collections.abc import Sequence

_NEVER = -1e6


def assign(scores: Sequence[Sequence[float]]) -> list[int]:
    """For each row the column that it gets, or -1: the choice of pairs with the greatest sum of positive scores.

    ``scores``: rows of equal length; what is not positive is never chosen.
    """
    rows = len(scores)
    if not rows:
        return []
    columns = len(scores[0])
    # A column of its own for each row, worth nothing: to get it is to get none.
    costs = [
        [-score if score > 0 else -_NEVER for score in row] + [0.0 if i == j else -_NEVER for j in range(rows)]
        for i, row in enumerate(scores)
    ]
    taken = _hungarian(costs)
    return [column if column < columns else -1 for column in taken]


def _hungarian(costs: Sequence[Sequence[float]]) -> list[int]:
    """The cheapest column for each row, all different; at least as many columns as rows."""
    rows, columns = len(costs), len(costs[0])
    of_row, of_column = [0.0] * (rows + 1), [0.0] * (columns + 1)
    owner = [0] * (columns + 1)
    for row in range(1, rows + 1):
        owner[0] = row
        at, way = _augment(costs, owner, of_row, of_column)
        while at:
            owner[at] = owner[way[at]]
            at = way[at]
    chosen = [-1] * rows
    for column in range(1, columns + 1):
        if owner[column]:
            chosen[owner[column] - 1] = column - 1
    return chosen


def _augment(
    costs: Sequence[Sequence[float]], owner: list[int], of_row: list[float], of_column: list[float]
) -> tuple[int, list[int]]:
    """The shortest way from the new row to a free column: that column, and each column's one before it."""
    columns = len(costs[0])
    least, way, seen = [float("inf")] * (columns + 1), [0] * (columns + 1), [False] * (columns + 1)
    at = 0
    while True:
        seen[at] = True
        row, delta, following = owner[at], float("inf"), 0
        for column in range(1, columns + 1):
            if seen[column]:
                continue
            cost = costs[row - 1][column - 1] - of_row[row] - of_column[column]
            if cost < least[column]:
                least[column], way[column] = cost, at
            if least[column] < delta:
                delta, following = least[column], column
        for column in range(columns + 1):
            if seen[column]:
                of_row[owner[column]] += delta
                of_column[column] -= delta
            else:
                least[column] -= delta
        at = following
        if not owner[at]:
            return at, way
