# SPDX-License-Identifier: Apache-2.0
"""What a file may hold, what is mended in it and reported, and why one is refused."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shapely.geometry.base import BaseGeometry

from geo.errors import Invalid
from geo.ids import Level
from geo.units import Metres, SquareMetres

MEBIBYTE = 1024 * 1024
# The contract's limit of an import.
MAX_FILE_BYTES = 200 * MEBIBYTE
MAX_UNPACKED_BYTES = 1024 * MEBIBYTE
# Shapefiles pack to a tenth at best; a bomb packs to a thousandth.
MAX_RATIO = 100
# Below this even a packed run of zeros does no harm.
RATIO_MATTERS_FROM_BYTES = 32 * MEBIBYTE
MAX_MEMBERS = 1000
MAX_FEATURES = 500_000
MAX_VERTICES = 10_000_000
# A survey of a whole province's border has fewer; repairing more takes minutes.
MAX_VERTICES_OF_ONE = 250_000
TOLERANCE = Metres(0.2)

# The layers of a whole district, as `data/shapefiles/README.md` names them.
AREA_LAYERS = {
    "district": Level.DISTRICT,
    "subdistricts": Level.SUBDISTRICT,
    "communities": Level.COMMUNITY,
    "cells": Level.CELL,
    "bldggroups": Level.BUILDING_GROUP,
}


class Format(StrEnum):
    """What files can be written."""

    SHP = "shp"
    GPKG = "gpkg"
    GEOJSON = "geojson"


@dataclass(frozen=True)
class Repair:
    """Something in a file that was changed on the way in.

    `code` is one of the `repair.*` codes. `feature` counts from 1; None: the whole layer.
    `size_m2` is the area gained, lost or moved, where one can be named. `lon`, `lat`: WGS-84.
    """

    code: str
    layer: str
    feature: int | None = None
    label: str = ""
    size_m2: SquareMetres | None = None
    lon: float | None = None
    lat: float | None = None
    count: int = 1


@dataclass(frozen=True)
class Layer:
    """A layer as its file tells it: attributes decoded, geometry in WGS-84 degrees, nothing mended.

    `numbers` are the places of the features in the file, from 1. `said` tells how encoding and CRS
    were found.
    """

    name: str
    fields: tuple[str, ...]
    rows: list[dict[str, Any]]
    shapes: list[BaseGeometry]
    numbers: list[int]
    srid: int
    encoding: str
    said: tuple[str, ...] = ()
    clockwise: bool = False


class FileNotReadable(Invalid):
    """There is no such file, or it is not what its name says."""

    code = "import.not_readable"


class FileAbsent(FileNotReadable):
    """Nothing of that name is there."""

    code = "import.file_absent"


class FileForbidden(FileNotReadable):
    """The file is there, and may not be read."""

    code = "import.file_forbidden"


class FormatUntrue(FileNotReadable):
    """The file is not of the format that its name says."""

    code = "import.format_untrue"


class NoLayer(Invalid):
    """A folder or zip without a single layer."""

    code = "import.no_layer"


class FormatUnknown(Invalid):
    """Neither shapefile, GeoPackage nor GeoJSON."""

    code = "import.format_unknown"


class FileTooLarge(Invalid):
    """The file, what it unpacks to, or what it holds is more than the limit."""

    code = "import.too_large"


class ArchiveUnsafe(Invalid):
    """A zip that climbs out of its folder, holds links or blows up when unpacked."""

    code = "import.archive_unsafe"


class FileTruncated(Invalid):
    """A part of a shapefile is shorter than it says."""

    code = "import.truncated"


class PartMissing(Invalid):
    """A shapefile without its .shx or .dbf."""

    code = "import.part_missing"


class LayerMissing(Invalid):
    """A folder lacks a layer that a district needs."""

    code = "import.layer_missing"


class LayerAmbiguous(Invalid):
    """The file holds several layers and no level says which is meant."""

    code = "import.layer_ambiguous"


class LayerEmpty(Invalid):
    """A layer without a feature."""

    code = "import.layer_empty"


class FieldMissing(Invalid):
    """A layer lacks a field that is needed."""

    code = "import.field_missing"


class ValueBad(Invalid):
    """A feature holds a value that its field cannot mean."""

    code = "import.value_bad"


class EncodingWrong(Invalid):
    """The texts cannot be decoded, by the declared encoding or by any that is usual."""

    code = "import.encoding_wrong"


class CrsUnknown(Invalid):
    """Projected coordinates without a word about their zone."""

    code = "import.crs_unknown"


class CrsUnsupported(Invalid):
    """A coordinate system with no open, exact way to WGS-84."""

    code = "import.crs_unsupported"


class CrsNoDatumShift(CrsUnsupported):
    """Xian 1980 or Beijing 1954: the parameters to CGCS2000 are not public."""

    code = "import.crs_no_datum_shift"


class CrsContradicted(Invalid):
    """The coordinates cannot be of the system that the file names."""

    code = "import.crs_contradicted"


class PlaceImplausible(Invalid):
    """A coordinate that is not finite, or outside China; perhaps swapped axes."""

    code = "import.place_implausible"


class GeometryWrong(Invalid):
    """A feature without a geometry, or with one of the wrong type."""

    code = "import.geometry_wrong"


class Unrepairable(Invalid):
    """A fault that no rule may mend: where it is and how large."""

    code = "import.unrepairable"


class CellsPiled(Invalid):
    """Cells lie upon each other by the heap, or are in shreds: several plans in one file, most
    likely."""

    code = "import.cells_piled"


class CodesRepeated(Invalid):
    """A layer of cells in which most share their code: cut off, or not the codes at all."""

    code = "import.codes_repeated"


class ParentMissing(Invalid):
    """An area that lies in none of the areas one level up, or not in the one its code names."""

    code = "import.parent_missing"


class CodeUnknown(Invalid):
    """A district whose code the file does not say."""

    code = "import.code_unknown"


class DistrictUnnamed(Invalid):
    """Several districts are loaded, or none, and nothing says which one is meant."""

    code = "import.district_unnamed"


class ParentLevelMissing(Invalid):
    """The district has no areas one level up, into which these could go."""

    code = "import.parent_level_missing"


class ExportExists(Invalid):
    """Something of that name is there already."""

    code = "export.exists"


class DirectoryAbsent(Invalid):
    """The directory that the files should go into is not there."""

    code = "export.directory_absent"


class TextUnfit(Invalid):
    """A text that the format would cut or tear."""

    code = "export.text_unfit"
