"""A class of Python that is used from TypeScript."""
import re
from collections import Counter

from procxy_agent import Agent


class WordIndex:
    def __init__(self, shortest=1):
        self.words = 0
        self._shortest = shortest
        self._counter = Counter()

    def add(self, text):
        found = [word for word in re.findall(r'\w+', text.lower()) if len(word) >= self._shortest]
        self._counter.update(found)
        self.words += len(found)
        return len(found)

    def most_common(self, count):
        return self._counter.most_common(count)

    def count_of(self, word):
        if word not in self._counter:
            raise LookupError(f'{word} has not been seen')
        return self._counter[word]

    def keep(self, wanted):
        """Forgets the words that `wanted`, a function of the caller, does not want."""
        for word in sorted(self._counter):
            if not wanted(word, self._counter[word]):
                self.words -= self._counter.pop(word)
        return self


Agent(WordIndex).serve()
