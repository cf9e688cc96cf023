"""What a diagnosis says."""

from __future__ import annotations

from dataclasses import dataclass

SEVERITIES = ("error", "warning", "info")  # the gravest first


@dataclass(frozen=True)
class Finding:
    """Something that was found.

    Attributes:
        code: A name that stays the same: "posterior-collapse".
        severity: "error": the model is of no use as it is; "warning": a part of it is lost; "info": it could be better.
        message: What was measured, and why it matters.
        remedy: What to change, as it is typed: a hyperparameter, `kl_warmup = 2000`, or an option, `--patience 5`.
    """

    code: str
    severity: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return it in a line."""
        return f"{self.message} Try: {self.remedy}" if self.remedy else self.message
