"""The registry: all methods behind one face, whatever the modality. Each modality's own stand in its file."""

from __future__ import annotations

from core.dataset import Dataset
from core.generate.method import Method
from core.generate.resampling import RESAMPLING
from core.generate.strategy import GenerateError
from core.generate.table_methods import TABLE_METHODS
from core.generate.text_methods import TEXT_METHODS

__all__ = ["METHODS", "find_method", "methods_for"]

METHODS: dict[str, Method] = {method.key: method for method in (*RESAMPLING, *TABLE_METHODS, *TEXT_METHODS)}


def methods_for(dataset: Dataset) -> list[Method]:
    """The methods that work on a data set, those that make rows first."""
    works = [method for method in METHODS.values() if dataset.schema.modality in method.modalities]
    return sorted(works, key=lambda method: method.excludes)


def find_method(key: str, dataset: Dataset) -> Method:
    """Return the method of that key.

    Raises
    ------
    GenerateError
        If there is none, or it does not work on what the data set holds.
    """
    works = {method.key: method for method in methods_for(dataset)}
    if key not in works:
        raise GenerateError(
            f"The method for {dataset.schema.modality.value} data must be one of {', '.join(works)}. "
            f"Got '{key}' instead."
        )
    return works[key]
