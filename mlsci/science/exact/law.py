"""The contract of a law: cases as rows, and what theory says of each."""

from typing import Protocol

from torch import Tensor


class Law(Protocol):
    """Cases (N, k) and exact answers (N, m), both float64.

    `case_names` names the k columns of a case, `answer_names` the m columns of an answer.
    """

    case_names: tuple[str, ...]
    answer_names: tuple[str, ...]

    def cases(self) -> Tensor:
        """The cases that are measured, (N, k)."""
        ...

    def few(self) -> Tensor:
        """Those of them that are cheap to measure, for tests."""
        ...

    def answers(self, cases: Tensor) -> Tensor:
        """What theory says, (N, m)."""
        ...

    def label(self, case: Tensor) -> str:
        """A case (k,) in a word, as part of the name of a metric."""
        ...
