"""What to tell the user when waiting never helps.

No sentence here may contain words that make MassGen retry or compress the conversation ("rate limit", "quota
exceeded", "token limit" and the like); a test feeds them to MassGen's own functions.
"""

from __future__ import annotations

__all__ = ["NO_ACCESS", "NO_CREDIT", "SPENDING_CAP"]

NO_ACCESS = (
    "Gemini allows this API key no use of this model at all (its limit is zero): choose another model, "
    "or turn on billing for the key's project in Google AI Studio (https://aistudio.google.com)."
)
NO_CREDIT = (
    "The prepaid credits of this Gemini account are used up: "
    "buy credits in Google AI Studio (https://ai.studio/projects) and start again."
)
SPENDING_CAP = (
    "The monthly spending cap of this Gemini project is reached: "
    "raise it in Google AI Studio (https://ai.studio/spend), or wait for the next month."
)
