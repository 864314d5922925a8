# SPDX-License-Identifier: Apache-2.0
"""every version of the gazetteer"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# What a district holds already becomes its first version.
_FIRST_VERSION = """
insert into gazetteer_version
  (district, number, id, kind, source, at, by, origin, added, changed, retired)
select place.district, 1, gen_random_uuid(), 'install', '', now(), 'system',
  case when district.demo then 'simulated' else 'real' end, count(*), 0, 0
from place join district on district.code = place.district
group by place.district, district.demo
"""
_OWN_KEYS = """
update place set
  street = case when kind = 'street' then own.name else street end,
  estate = case when kind = 'estate' then own.name else estate end
from (
  select distinct on (district, place) district, place, name
  from place_name order by district, place, length(name), name
) own
where own.district = place.district and own.place = place.id and place.kind in ('street', 'estate')
"""
_OWN_NAMES = """
update place_name set kind = 'name'
from (
  select distinct on (place_name.district, place_name.place)
    place_name.district, place_name.place, place_name.name
  from place_name join place
    on place.district = place_name.district and place.id = place_name.place
  order by place_name.district, place_name.place,
    place_name.name <> lower(place.label), length(place_name.name), place_name.name
) own
where own.district = place_name.district and own.place = place_name.place
  and own.name = place_name.name
"""
_FIRST_STATES = """
insert into place_state (district, place, version, state)
select district, id, 1, jsonb_build_object(
  'kind', kind, 'label', label, 'lon', ST_X(point), 'lat', ST_Y(point),
  'street', street, 'estate', estate, 'number', number,
  'names', coalesce((
    select jsonb_agg(jsonb_build_object('text', name, 'kind', place_name.kind)
                     order by place_name.kind <> 'name', name)
    from place_name
    where place_name.district = place.district and place_name.place = place.id
  ), '[]'::jsonb),
  'stretches', case when kind <> 'street' then '[]'::jsonb else coalesce((
    select jsonb_agg(jsonb_build_object(
      'id', street.id, 'kind', street.kind, 'line', ST_AsGeoJSON(street.line, 9, 0)::jsonb
    ) order by street.id)
    from street
    where street.district = place.district and street.name = place.street
  ), '[]'::jsonb) end
) from place
"""


def upgrade() -> None:
    op.create_table(
        "gazetteer_version",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("retired", sa.Integer(), nullable=False),
        sa.Column("restored", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind in ('install', 'plan', 'import', 'edit', 'restore')",
            name=op.f("ck_gazetteer_version_kind"),
        ),
        sa.CheckConstraint(
            "origin in ('real', 'drill', 'simulated')", name=op.f("ck_gazetteer_version_origin")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_gazetteer_version_number")),
        sa.ForeignKeyConstraint(
            ["district"], ["district.code"], name=op.f("fk_gazetteer_version_district")
        ),
        sa.PrimaryKeyConstraint("district", "number", name=op.f("pk_gazetteer_version")),
        sa.UniqueConstraint("district", "id", name=op.f("uq_gazetteer_version_district_id")),
    )
    op.create_table(
        "place_state",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("place", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["district", "version"],
            ["gazetteer_version.district", "gazetteer_version.number"],
            name=op.f("fk_place_state_district_version"),
        ),
        sa.PrimaryKeyConstraint("district", "place", "version", name=op.f("pk_place_state")),
    )
    op.create_index(op.f("ix_place_state_district_version"), "place_state", ["district", "version"])
    op.create_index(op.f("ix_street_district_name"), "street", ["district", "name"])
    op.add_column("place", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.alter_column("place", "version", server_default=None)
    op.add_column(
        "place_name", sa.Column("kind", sa.Text(), server_default="alias", nullable=False)
    )
    op.alter_column("place_name", "kind", server_default=None)
    op.create_check_constraint(
        op.f("ck_place_name_kind"), "place_name", "kind in ('name', 'alias', 'misspelling')"
    )
    op.execute(_OWN_NAMES)
    op.execute(_OWN_KEYS)
    op.execute(_FIRST_VERSION)
    op.execute(_FIRST_STATES)
