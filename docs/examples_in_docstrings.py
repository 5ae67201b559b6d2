"""Examples of docstrings (`>>>`) as code: Markdown would take them for quotations."""

import re

import griffe


class ExamplesInDocstrings(griffe.Extension):
    """Fences them before mkdocstrings reads them."""

    def on_object(self, *, obj: griffe.Object, **kwargs) -> None:
        """Called by griffe with each object of the package."""
        if obj.docstring:
            obj.docstring.value = re.sub(
                r"(?m)^((?:>>> .*\n?)+)", r"```pycon\n\1\n```\n", obj.docstring.value
            )
