# SPDX-License-Identifier: Apache-2.0
"""which streets and terrain a district has now"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_RENEW = """
create function renew_ground() returns trigger language plpgsql as $$
begin
  insert into ground (district, state)
  select district, gen_random_uuid() from (select distinct district from changed) as changed_in
  order by district
  on conflict (district) do update set state = excluded.state;
  return null;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "ground",
        sa.Column("district", sa.String(length=6), nullable=False),
        sa.Column("state", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name="fk_ground_district"),
        sa.PrimaryKeyConstraint("district", name="pk_ground"),
    )
    op.execute(
        "insert into ground (district, state)"
        " select district, gen_random_uuid() from (select distinct district from street) as loaded"
    )
    op.execute(_RENEW)
    for table in ("street", "terrain"):
        for act, seen in (("insert", "new"), ("update", "new"), ("delete", "old")):
            op.execute(
                f"create trigger {table}_renews_ground_on_{act} after {act} on {table}"
                f" referencing {seen} table as changed"
                " for each statement execute function renew_ground()"
            )
