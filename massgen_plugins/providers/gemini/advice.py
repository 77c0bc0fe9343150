"""User-facing advice for refusals that waiting does not fix.

No sentence may contain words that make MassGen retry or compress the conversation ("rate limit", "quota
exceeded", "token limit" and the like); a test passes them to MassGen's own functions.
"""

from __future__ import annotations

__all__ = ["NO_ACCESS", "NO_CREDIT", "NO_REASON", "NO_TOOL", "SPENDING_CAP", "TOO_LARGE"]

NO_ACCESS = (
    "Gemini allows this API key no use of this model at all (its limit is zero): choose another model, "
    "or turn on billing for the key's project in Google AI Studio (https://aistudio.google.com)."
)
NO_CREDIT = (
    "The prepaid credits of this Gemini account are used up: "
    "buy credits in Google AI Studio (https://ai.studio/projects) and start again."
)
NO_REASON = (
    "Gemini refuses without saying which limit is meant: look at the limits of the key's project in Google "
    "AI Studio (https://aistudio.google.com/rate-limit) and at what is used of them, or choose another model."
)
NO_TOOL = (
    "Gemini allows this API key no use of a tool in the request (its limit is zero): take the tool out of "
    "the agent's configuration, or turn on billing in Google AI Studio (https://aistudio.google.com)."
)
SPENDING_CAP = (
    "The monthly spending cap of this Gemini project is reached: "
    "raise it in Google AI Studio (https://ai.studio/spend), or wait for the next month."
)
TOO_LARGE = (
    "This one request is larger than what Gemini allows the API key in a whole minute, so it can never pass: "
    "make the question or its files smaller, or choose a model or a tier that allows more."
)
