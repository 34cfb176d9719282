"""Alembic's entry: migrations run in one connection, with batch mode for SQLite."""

from alembic import context
from sqlalchemy import create_engine, pool

from bot.store import postgresql
from bot.store.columns import Table

url = context.config.get_main_option("sqlalchemy.url") or ""
if postgresql.is_postgresql(url):
    engine = postgresql.opened(url, 10.0, migrating=True)
else:
    engine = create_engine(url, poolclass=pool.NullPool, connect_args={"timeout": 10.0})


def ours(name: str | None, type_: str, _parents: object) -> bool:
    """Leave tables alone that others have put beside ours."""
    return type_ != "table" or name in Table.metadata.tables


with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True, include_name=ours)
    with context.begin_transaction():
        postgresql.be_alone(connection)  # two that start at once: the second finds the work done
        context.run_migrations()
engine.dispose()
