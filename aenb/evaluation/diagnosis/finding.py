"""The findings of a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass

SEVERITIES = ("error", "warning", "info")  # most severe first


@dataclass(frozen=True)
class Finding:
    """A problem that a check found.

    Attributes:
        code: A stable name: "posterior-collapse".
        severity: "error": the model is unusable; "warning": a part of it does not work; "info": it could be better.
        message: What was measured, and why it matters.
        remedy: What to change, as you type it: a hyperparameter, `kl_warmup = 2000`, or an option, `--patience 5`.
    """

    code: str
    severity: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return the message and the remedy in one line."""
        return f"{self.message} Try: {self.remedy}" if self.remedy else self.message
