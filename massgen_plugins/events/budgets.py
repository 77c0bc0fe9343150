"""Budgets: marks that spending has reached, and models that replace others."""

from __future__ import annotations

from dataclasses import dataclass

from massgen_plugins.quota import Pool

__all__ = ["BudgetMark", "ModelReplaced"]


@dataclass(frozen=True, slots=True)
class BudgetMark:
    """Spending has reached a percentage of a budget set for warnings; emitted once per mark and process.

    Attributes:
        pool: The budget's pool.
        budget: Its name: ``run``, ``day``, ``month``, ``agents.NAME``, ``accounts.NAME.day``.
        percent: The mark.
        spent: Millionths of a US dollar.
        amount: The budget, in millionths of a US dollar.
        message: The same in one sentence.
        agent_id: The agent whose call reached the mark; None outside of any agent's stream.
        run: The MassGen run within this process.
    """

    pool: Pool
    budget: str
    percent: int
    spent: int
    amount: int
    message: str
    agent_id: str | None = None
    run: str = ""


@dataclass(frozen=True, slots=True)
class ModelReplaced:
    """An agent continues with a different model than configured, as its budget settings demand.

    Attributes:
        agent_id: The agent.
        run: The MassGen run within this process.
        before: The configured model.
        after: The model from now on; equal to ``before`` when the agent returns to it.
        message: The same in one sentence, with the reason.
    """

    agent_id: str
    run: str
    before: str
    after: str
    message: str
