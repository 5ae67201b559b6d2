"""The table of docs/faults.md: `python -m tests.faults.table`."""

from importlib import import_module

MODULES = ("test_kills", "test_killed_workflow", "test_damaged", "test_machine")


def as_markdown() -> str:
    """A row per kind of fault: how many cases the suite tries, as its modules parametrise them, and
    how many pass: all, or the suite fails.
    """
    counts = {
        kind: len(cases)
        for name in MODULES
        for kind, cases in import_module(f"tests.faults.{name}").CASES.items()
    }
    counts["all"] = sum(counts.values())
    rows = [f"| {kind} | {count} | {count} |" for kind, count in counts.items()]
    return "\n".join(["| fault | tried | passed |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    print(as_markdown(), end="")
