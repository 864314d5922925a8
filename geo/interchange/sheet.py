# SPDX-License-Identifier: Apache-2.0
"""A table as offices keep them (CSV, tabs or semicolons) -> rows of texts with their lines."""

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from geo.interchange.dbf import codec_of
from geo.interchange.rules import (
    MAX_FEATURES,
    EncodingWrong,
    FileNotReadable,
    FileTooLarge,
    LayerEmpty,
)

SHEET_SUFFIXES = (".csv", ".tsv", ".txt")
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LONGEST_CELL = 1_000_000


@dataclass(frozen=True)
class Sheet:
    """Rows by field, each with the line of the file it begins in; blank rows are counted alone."""

    name: str
    fields: tuple[str, ...]
    rows: list[dict[str, str]]
    lines: list[int]
    too_wide: list[int]
    blank: int
    encoding: str
    declared: bool


def read_sheet(path: Path, asked: str | None = None) -> Sheet:
    """Read a table whose first row names its fields; `asked` is the encoding a person said.

    Raises: EncodingWrong, FileNotReadable, FileTooLarge, LayerEmpty.
    """
    text, encoding, declared = _decoded(path, asked)
    head = text.split("\n", 1)[0]
    between = max(",\t;", key=head.count)
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    too_wide: list[int] = []
    fields: tuple[str, ...] = ()
    blank, began = 0, 1
    try:
        for cells in reader:
            # A cell may hold line breaks: a row begins behind the end of the one before.
            line, began = began, reader.line_num + 1
            said = [cell.strip() for cell in cells]
            if not any(said):
                blank += 1
            elif not fields:
                fields = _named(said)
            elif any(said[len(fields) :]):
                too_wide.append(line)
            else:
                padded = said + [""] * (len(fields) - len(said))
                rows.append(dict(zip(fields, padded, strict=False)))
                lines.append(line)
                if len(rows) > MAX_FEATURES:
                    raise FileTooLarge(
                        file=path.name, size=len(rows), limit=MAX_FEATURES, unit="rows"
                    )
    except csv.Error as error:
        raise FileNotReadable(file=path.name, reason=f"{began}: {error}") from error
    if not rows and not too_wide:
        raise LayerEmpty(layer=path.stem)
    return Sheet(path.stem, fields, rows, lines, too_wide, blank, encoding, declared)


def _decoded(path: Path, asked: str | None) -> tuple[str, str, bool]:
    """The text of a file, its encoding, and whether that was declared rather than found out."""
    data = path.read_bytes()
    mark = next((mark for mark in _MARKS if data.startswith(mark)), None)
    if asked is not None:
        tried = [codec_of(asked) or asked]
    else:
        tried = [_MARKS[mark]] if mark else ["utf-8", "gb18030"]
    for encoding in tried:
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        if "\0" not in text:
            return text.removeprefix("\ufeff"), encoding, asked is not None or mark is not None
    raise EncodingWrong(file=path.name, said=asked or "-", tried=asked or "UTF-8, GBK, GB18030")


def _named(cells: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    for cell in cells:
        name = cell or f"field{len(names) + 1}"
        while name in names:
            name += "_"
        names.append(name)
    return tuple(names)
