"""Takes the fields of a decoded JSON object apart, each exactly once; what is left over is an error."""

from __future__ import annotations

from typing import Any, Final, TypeVar

_T = TypeVar("_T")
NUMBER: Final = (int, float)


class Fields:
    """The fields of one JSON object, each to be taken exactly once; ``where`` names the object in errors."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            raise ValueError(f"{where}: an object is needed, not {type(data).__name__}")
        self._left: dict[str, Any] = dict(data)
        self.where = where

    def has(self, key: str) -> bool:
        """Whether the field is there and not taken yet."""
        return key in self._left

    def take(self, key: str, kind: type[_T] | tuple[type[_T], ...]) -> _T:
        """Take a field of one of these types."""
        if key not in self._left:
            raise ValueError(f"{self.where}: {key} is missing")
        value = self._left.pop(key)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        # bool is an int in Python, but true is not a number in JSON.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            names = " or ".join(one.__name__ for one in kinds)
            raise ValueError(f"{self.where}.{key}: {names} is needed, not {value!r}")
        return value

    def optional(self, key: str, kind: type[_T] | tuple[type[_T], ...], default: Any = None) -> Any:
        """Take a field, or the default where it is not there."""
        return self.take(key, kind) if key in self._left else default

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        """Take a list of texts."""
        values = self.optional(key, list, []) if optional else self.take(key, list)
        if not all(isinstance(value, str) for value in values):
            raise ValueError(f"{self.where}.{key}: a list of texts is needed, not {values!r}")
        return tuple(values)

    def names(self) -> tuple[str, ...]:
        """The names of the fields that are not taken yet."""
        return tuple(self._left)

    def only_key(self) -> str:
        """The name of the one field that there is."""
        if len(self._left) != 1:
            raise ValueError(f"{self.where}: one field is needed, not {sorted(self._left)}")
        return next(iter(self._left))

    def drop_null(self, key: str) -> bool:
        """Take the field off if it is null; tell whether it was."""
        if key in self._left and self._left[key] is None:
            del self._left[key]
            return True
        return False

    def end(self) -> None:
        """All has to be taken by now."""
        if self._left:
            raise ValueError(f"{self.where}: unknown fields {sorted(self._left)}")
