# SPDX-License-Identifier: Apache-2.0
"""changes of what seldom changes, for those who remember it; what a check-in costs the indexes"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Whose it is by the trigger's first argument: a column, or none for what is a whole district's.
_NOTE = """
create function note_standing_change() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    execute format('insert into standing_change (district, worker) select ($1).%I, %s',
      tg_argv[0], tg_argv[1]) using old;
  end if;
  if tg_op <> 'DELETE' then
    execute format('insert into standing_change (district, worker) select ($1).%I, %s',
      tg_argv[0], tg_argv[1]) using new;
  end if;
  return null;
end $$
"""
# What many check-ins name alike is looked up once a statement: row by row it cost a quarter of
# keeping them. What they name stays for good, so that it is there still when they are kept.
_REFERS = """
create function check_in_refers() returns trigger language plpgsql as $$
declare
  missing text;
begin
  select format('%s %s of district %s', what, which, district) into missing from (
    select 'worker' as what, worker::text as which, district
    from (select distinct district, worker from fresh) as said
    where not exists (
      select from worker
      where worker.district = said.district and worker.id = said.worker
    )
    union all
    select 'plan', plan::text, district
    from (select distinct district, plan from fresh) as said
    where not exists (
      select from plan where plan.district = said.district and plan.id = said.plan
    )
    union all
    select 'policy', policy::text, district
    from (select distinct district, policy from fresh) as said
    where not exists (
      select from check_in_policy
      where check_in_policy.district = said.district and check_in_policy.version = said.policy
    )
  ) as absent limit 1;
  if found then
    raise foreign_key_violation using
      message = format('a check-in names a %s that is not there', missing),
      constraint = 'check_in_refers', table = 'check_in';
  end if;
  return null;
end $$
"""
_STAYS = """
create function stays_for_check_ins() returns trigger language plpgsql as $$
begin
  raise foreign_key_violation using
    message = format('check-ins name rows of %I for good: none is deleted or gets another key',
      tg_table_name),
    constraint = 'check_in_refers', table = tg_table_name;
end $$
"""
_SOUND_POINT = """
point is null or coalesce(ST_X(point) between -180 and 180 and ST_Y(point) between -90 and 90, false)
"""
# Who empties a whole table changes something of everybody.
_NOTE_ALL = """
create function note_standing_truncated() returns trigger language plpgsql as $$
begin
  insert into standing_change (district) select code from district;
  return null;
end $$
"""
# Table, the column of its district, whose it is in it, and which columns matter where not all do.
_WATCHED = (
    ("district", "code", "null", ""),
    ("plan", "district", "null", "district, id, status, in_force_during"),
    ("check_in_policy", "district", "null", ""),
    ("checkpoint", "district", "null", ""),
    ("checkpoint_was", "district", "null", ""),
    ("worker", "district", "($1).id", ""),
    ("duty", "district", "($1).worker", ""),
    ("assignment", "district", "($1).worker", ""),
    (
        "device",
        "district",
        "($1).worker",
        "district, id, worker, token_hash, name, profile, revoked_at, origin",
    ),
)


def upgrade() -> None:
    op.create_table(
        "standing_change",
        sa.Column(
            "changed_in",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.Column("seq", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("district", sa.String(6), nullable=False),
        sa.Column("worker", sa.Uuid(), nullable=True),
        sa.Column(
            "noted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("changed_in", "seq", name=op.f("pk_standing_change")),
    )
    op.execute(_NOTE)
    op.execute(_NOTE_ALL)
    for table, district, whose, columns in _WATCHED:
        update = f"update of {columns}" if columns else "update"
        op.execute(
            f"create trigger {table}_notes_standing_change"
            f" after insert or delete or {update} on {table}"
            f" for each row execute function note_standing_change('{district}', '{whose}')"
        )
        op.execute(
            f"create trigger {table}_notes_standing_truncated after truncate on {table}"
            " for each statement execute function note_standing_truncated()"
        )
    for named in ("worker", "plan", "policy"):
        op.drop_constraint(op.f(f"fk_check_in_district_{named}"), "check_in", type_="foreignkey")
    op.execute(_REFERS)
    for act in ("insert", "update"):
        op.execute(
            f"create trigger check_in_refers_on_{act} after {act} on check_in"
            " referencing new table as fresh for each statement execute function check_in_refers()"
        )
    op.execute(_STAYS)
    for table, key in (("worker", "id"), ("plan", "id"), ("check_in_policy", "version")):
        op.execute(
            f"create trigger {table}_stays before delete or update of district, {key} on {table}"
            " for each row execute function stays_for_check_ins()"
        )
        op.execute(
            f"create trigger {table}_stays_whole before truncate on {table}"
            " for each statement execute function stays_for_check_ins()"
        )
    for table in ("check_in", "latest_position"):
        op.drop_constraint(op.f(f"ck_{table}_point_sound"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_point_sound"), table, _SOUND_POINT)
    op.drop_index("ix_check_in_district_device_observed_at", "check_in")
    op.drop_index("ix_latest_position_on_duty", "latest_position")
    op.execute(
        "alter table latest_position add column about geometry(point, 4326) not null"
        " generated always as (ST_SnapToGrid(point, 0.001)) stored, set (fillfactor = 70)"
    )
    op.execute(
        "create index ix_latest_position_on_duty on latest_position using gist (about)"
        " where on_duty"
    )
    op.drop_constraint(op.f("pk_unsettled"), "unsettled", type_="primary")
    op.drop_index(op.f("ix_unsettled_district_worker_day"), "unsettled")
    op.create_primary_key(op.f("pk_unsettled"), "unsettled", ["district", "worker", "day", "seq"])
