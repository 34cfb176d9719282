"""The store. All its tables are known as soon as any of it is: they point at each other."""

from bot.store import (
    amendment_tables,
    draft_tables,
    house_tables,
    mail_tables,
    meeting_tables,
    outbox_tables,
    people_tables,
    query_tables,
    report_tables,
    slack_tables,
    speech_tables,
)

__all__ = [
    "amendment_tables",
    "draft_tables",
    "house_tables",
    "mail_tables",
    "meeting_tables",
    "outbox_tables",
    "people_tables",
    "query_tables",
    "report_tables",
    "slack_tables",
    "speech_tables",
]
