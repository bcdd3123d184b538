"""What all shapes share."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """A map of a pack file: unknown keys are errors and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    def given(self) -> dict[str, Any]:
        """What the file says, without what it leaves to the defaults."""
        return {name: getattr(self, name) for name in self.model_fields_set}
