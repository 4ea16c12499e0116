"""The one family of errors that an analyst may see.

Every message names the thing, the rule, the value and the remedy, in that order and in plain words, so that a page can
show it as it is. Anything else that is raised is a defect of the app.
"""

__all__ = ["FlywheelError"]


class FlywheelError(ValueError):
    """Something the user brought or asked for can't be done; the message says what, why and how to mend it."""
