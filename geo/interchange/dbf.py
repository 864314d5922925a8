# SPDX-License-Identifier: Apache-2.0
"""The attribute table of a shapefile (dBASE III), and the encoding of its texts.

Read here and not by GDAL, because GDAL takes a table without a declared encoding for Latin-1 and
never fails: only strict decoding of every text tells GBK from UTF-8.
"""

import codecs
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.interchange.rules import MAX_FEATURES, EncodingWrong, FileTooLarge, FileTruncated

_HEADER = 32
_DELETED = b"*"
# Python knows encodings of anything; those of texts that a program writes into a table are these.
_SCRIPTS = ("utf-8", "gb", "big5", "ascii", "cp", "iso8859", "koi8", "mac", "shift_jis", "euc")
# The usual spellings in .cpg files that Python's codecs do not know.
_CODE_PAGES = {"936": "gb18030", "65001": "utf-8", "54936": "gb18030", "gb2312": "gb18030"}


@dataclass(frozen=True)
class _Field:
    name: bytes
    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Table:
    """Rows by their place in the file (from 0); a deleted row is None."""

    fields: tuple[str, ...]
    rows: list[dict[str, Any] | None]
    encoding: str
    declared: bool


def read_table(path: Path, *, declared: str | None, asked: str | None) -> Table:
    """Read a .dbf. `declared` is what its .cpg says, `asked` what the person said.

    Raises: FileTruncated, EncodingWrong, FileTooLarge.
    """
    data = path.read_bytes()
    fields, count, header, width = _structure(data, path.name)
    if count > MAX_FEATURES:
        raise FileTooLarge(file=path.name, size=count, limit=MAX_FEATURES, unit="features")
    if len(data) < header + count * width:
        raise FileTruncated(file=path.name, size=len(data), expected=header + count * width)
    records = [data[header + width * i : header + width * (i + 1)] for i in range(count)]
    texts = [
        record[field.start : field.end]
        for record in records
        if not record.startswith(_DELETED)
        for field in fields
        if field.kind not in "NFLDIB"
    ]
    names = [field.name for field in fields]
    encoding = _encoding(texts, names, path.name, declared=declared, asked=asked)
    spelled = tuple(_field_names(names, encoding))
    rows = [
        None
        if record.startswith(_DELETED)
        else {
            name: _value(record[field.start : field.end], field.kind, encoding)
            for name, field in zip(spelled, fields, strict=True)
        }
        for record in records
    ]
    return Table(spelled, rows, encoding, declared is not None or asked is not None)


def codec_of(said: str) -> str | None:
    """Python's name of an encoding as a .cpg or a person spells it; None when unknown."""
    plain = said.strip().lower().removeprefix("cp").removeprefix("oem ").removeprefix("ansi ")
    for name in (_CODE_PAGES.get(plain), said.strip().lower()):
        if name:
            try:
                found = codecs.lookup(name).name
            except (LookupError, ValueError):
                continue
            if not found.startswith(_SCRIPTS):
                continue
            # GB18030 holds all of GBK and is what programs that say GBK really write.
            return "gb18030" if found in ("gbk", "gb2312", "cp936") else found
    return None


def _structure(data: bytes, file: str) -> tuple[list[_Field], int, int, int]:
    if len(data) < _HEADER:
        raise FileTruncated(file=file, size=len(data), expected=_HEADER)
    count, header, width = struct.unpack_from("<IHH", data, 4)
    if len(data) < header or header < _HEADER + 1 or width < 1:
        raise FileTruncated(file=file, size=len(data), expected=max(header, _HEADER + 1))
    fields: list[_Field] = []
    start = 1
    for place in range(_HEADER, header - _HEADER + 1, _HEADER):
        described = data[place : place + _HEADER]
        if described[:1] == b"\r":
            break
        length = described[16]
        # Long texts keep the upper byte of their width where decimals stand.
        if described[11:12] == b"C":
            length += described[17] << 8
        name = described[:11].partition(b"\0")[0]
        fields.append(_Field(name, chr(described[11]), start, start + length))
        start += length
    if start > width:
        raise FileTruncated(file=file, size=width, expected=start)
    return fields, count, header, width


def _encoding(
    texts: list[bytes],
    names: list[bytes],
    file: str,
    *,
    declared: str | None,
    asked: str | None,
) -> str:
    if asked is not None:
        wanted = codec_of(asked)
        if wanted is None or not _decodes(texts, wanted):
            raise EncodingWrong(file=file, said=asked, tried=asked)
        return wanted
    told = codec_of(declared) if declared else None
    # Programs write Latin-1 when they do not know; it decodes anything and holds no Chinese.
    if told in ("iso8859-1", "cp1252"):
        told = None
    # Names are cut at ten bytes, mid-character too: they count only where the cut does no harm.
    everything = texts + [name for name in names if len(name) < 10]
    usual = [told] if told else []
    for candidate in [*usual, "utf-8", "gb18030"]:
        if candidate and _decodes(everything, candidate):
            return candidate
    raise EncodingWrong(file=file, said=declared or "-", tried="UTF-8, GBK, GB18030")


def _decodes(texts: list[bytes], encoding: str) -> bool:
    try:
        for text in texts:
            text.decode(encoding)
    except UnicodeDecodeError:
        # A text may be cut mid-character where it fills its field: judge it without its tail.
        return all(_whole(text, encoding) for text in texts)
    return True


def _whole(text: bytes, encoding: str) -> bool:
    """Whether a text decodes, but for one character begun and not ended at its very end."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        decoder.decode(text.rstrip(b"\0 ") if text[-1:] in b"\0 " else text, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _field_names(names: list[bytes], encoding: str) -> list[str]:
    spelled: list[str] = []
    for name in names:
        text = name.decode(encoding, errors="ignore").strip() or f"field{len(spelled) + 1}"
        while text in spelled:
            text += "_"
        spelled.append(text)
    return spelled


def _value(raw: bytes, kind: str, encoding: str) -> Any:
    if kind in "NF":
        text = raw.strip(b"\0 ").decode("ascii", errors="replace")
        if not text or text.startswith("*"):
            return None
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            return text
    # A text that fills its field may end in half a character.
    return raw.decode(encoding, errors="ignore").split("\0")[0].rstrip()
