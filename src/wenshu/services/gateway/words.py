"""Word lists: found in a text however its letters are written, and masked in an answer while it streams.

An Aho-Corasick automaton over folded text (NFKC, lower case, invisible characters left out). A blocked word inside an
allowed one (白粉 in 白粉笔) is none.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from unicodedata import category, normalize

MASK = "*"


@lru_cache(maxsize=16_384)
def _folded(char: str) -> str:
    """What a character is compared as: nothing, one or several characters."""
    return "".join(one for one in normalize("NFKC", char).casefold() if category(one) not in {"Cf", "Cc", "Mn", "Zs"})


def folded(text: str) -> str:
    """What a word is compared as."""
    return "".join(map(_folded, text))


class Words:
    """Built once for a tenant's lists; safe for concurrent use."""

    def __init__(self, blocked: Iterable[str], allowed: Iterable[str] = ()) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._back = [0]
        self._depth = [0]
        self._blocked: list[tuple[int, ...]] = [()]
        self._allowed: list[tuple[int, ...]] = [()]
        for words, lengths in ((blocked, self._blocked), (allowed, self._allowed)):
            for word in dict.fromkeys(map(folded, words)):
                if word:
                    state = self._state(word)
                    lengths[state] = (*lengths[state], len(word))
        self._link()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return len(self._next) == 1

    def found_in(self, text: str) -> bool:
        """Whether a blocked word stands in the text."""
        masking = Masking(self)
        masking.feed(text)
        masking.end()
        return masking.hit

    def step(self, state: int, char: str) -> int:
        """The state after a folded character."""
        while state and char not in self._next[state]:
            state = self._back[state]
        return self._next[state].get(char, 0)

    def depth(self, state: int) -> int:
        """How many of the last characters may still become a word, or a longer one."""
        while state and not self._next[state]:
            state = self._back[state]
        return self._depth[state]

    def ends(self, state: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The lengths of the blocked and of the allowed words that end here."""
        return self._blocked[state], self._allowed[state]

    def _state(self, word: str) -> int:
        state = 0
        for char in word:
            if char not in self._next[state]:
                self._next[state][char] = len(self._next)
                self._next.append({})
                self._back.append(0)
                self._depth.append(self._depth[state] + 1)
                self._blocked.append(())
                self._allowed.append(())
            state = self._next[state][char]
        return state

    def _link(self) -> None:
        """Breadth first: where to go on when a character does not fit, and what ends there."""
        waiting = deque(self._next[0].values())
        while waiting:
            state = waiting.popleft()
            self._blocked[state] += self._blocked[self._back[state]]
            self._allowed[state] += self._allowed[self._back[state]]
            for char, following in self._next[state].items():
                self._back[following] = self.step(self._back[state], char)
                waiting.append(following)


class Masking:
    """One answer as it streams: pieces in, what is sure to stand out; a few characters are held back meanwhile."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._state = 0
        self._held: list[tuple[str, int]] = []
        """Characters not given yet, each with the number of the folded character behind its own."""
        self._read = 0
        self._blocked: list[tuple[int, int]] = []
        self._allowed: list[tuple[int, int]] = []
        self.hit = False
        """Whether something was masked."""

    def feed(self, text: str) -> str:
        """What can be given now."""
        for char in text:
            for one in _folded(char):
                self._state = self._words.step(self._state, one)
                self._read += 1
                blocked, allowed = self._words.ends(self._state)
                self._blocked += ((self._read - length, self._read) for length in blocked)
                self._allowed += ((self._read - length, self._read) for length in allowed)
            self._held.append((char, self._read))
        return "".join(self._given(self._read - self._words.depth(self._state)))

    def end(self) -> str:
        """What was held back."""
        return "".join(self._given(self._read))

    def _given(self, settled: int) -> Iterator[str]:
        """The characters whose folded ones all lie before ``settled``."""
        count = 0
        while count < len(self._held) and self._held[count][1] <= settled:
            count += 1
        if not self._blocked:
            yield from (char for char, _ in self._held[:count])
        else:
            masked = [
                span for span in self._blocked if not any(a <= span[0] and span[1] <= b for a, b in self._allowed)
            ]
            before = self._held[0][1] - len(_folded(self._held[0][0])) if self._held else 0
            for char, end in self._held[:count]:
                if any(start < end and before < stop for start, stop in masked):
                    self.hit = True
                    yield MASK
                else:
                    yield char
                before = end
        del self._held[:count]
        self._blocked = [span for span in self._blocked if span[1] > settled]
        self._allowed = [span for span in self._allowed if span[1] > settled]
