# SPDX-License-Identifier: Apache-2.0
"""What files may hold and why one is refused."""

from geo.errors import Invalid


class FileNotReadable(Invalid):
    """There is no such file, or it is not of a kind that is understood."""

    code = "import.not_readable"


class LayerMissing(Invalid):
    """A folder lacks a layer that a district needs."""

    code = "import.layer_missing"


class FieldMissing(Invalid):
    """A layer lacks a field that is needed."""

    code = "import.field_missing"


class ValueBad(Invalid):
    """A feature holds a value that its field cannot mean."""

    code = "import.value_bad"
