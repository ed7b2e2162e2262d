"""Stop words: where an answer ends because one of them was written."""

from collections.abc import Sequence


class Stops:
    """One answer as it streams; what may be the beginning of a stop word is held back."""

    def __init__(self, words: Sequence[str], *, shown: bool) -> None:
        self._words = [word for word in words if word]
        self._shown = shown
        self._held = ""
        self.hit = False

    def feed(self, text: str) -> str:
        """What can be given now; once ``hit``, the answer is over."""
        if not self._words:
            return text
        self._held += text
        ends = [(at, word) for word in self._words if (at := self._held.find(word)) >= 0]
        if ends:
            self.hit = True
            at, word = min(ends, key=lambda end: (end[0] + len(end[1]), end[0]))
            given, self._held = self._held[: at + len(word) if self._shown else at], ""
            return given
        keep = max(map(self._begun, self._words))
        given, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return given

    def end(self) -> str:
        """What was held back."""
        given, self._held = self._held, ""
        return given

    def _begun(self, word: str) -> int:
        """How many of the last characters are the beginning of the word."""
        longest = min(len(word) - 1, len(self._held))
        return next((size for size in range(longest, 0, -1) if self._held.endswith(word[:size])), 0)
