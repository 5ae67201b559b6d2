"""What can be wrong with a user's input. Each message names the file, key or value, and says what
to do about it.
"""


class ConfigError(ValueError):
    """A config that cannot be used; the message names the key, the value and what is allowed."""


class DataError(ValueError):
    """Input that cannot be used; the message names the file (or field) and what to do about it."""
