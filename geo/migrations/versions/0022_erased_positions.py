# SPDX-License-Identifier: Apache-2.0
"""who has no position any more, for those who remember that he has one; statistics of what nobody
searches"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# For whoever has gone by a position that is not there any more: to be taken from the start.
_ERASED = """
create function position_was_erased() returns boolean language plpgsql as $$
begin
  raise serialization_failure using message = 'a latest position was erased meanwhile';
end $$
"""
# Nobody asks for rows by these, and on a busy day they are two thirds of the work that PostgreSQL
# does, once a minute, to know how a table's values are spread.
_UNSEARCHED = {
    "check_in": "raw_lon raw_lat accuracy_m point reasons share_inside distance_to_border_m"
    " distance_to_checkpoint_m digest actor device sent_at received_at",
    "outbox": "workers body place actor",
}


def upgrade() -> None:
    op.execute(_ERASED)
    op.execute(
        "create trigger latest_position_notes_standing_change after delete on latest_position"
        " for each row execute function note_standing_change('district', '($1).worker')"
    )
    op.execute(
        "create trigger latest_position_notes_standing_truncated after truncate on latest_position"
        " for each statement execute function note_standing_truncated()"
    )
    for table, columns in _UNSEARCHED.items():
        changes = ", ".join(f"alter column {name} set statistics 0" for name in columns.split())
        op.execute(f"alter table {table} {changes}")
