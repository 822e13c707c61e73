"""V1 config -> the V2 config that means the same, with an account of every key.

Every spelling that V1 took is normalised, each key is reported, and what cannot be migrated is a ``MigrationError``
that lists every fault. V1's defaults are written out, because V2's differ. Leaves out the files that a V1 config names:
V2 finds its own through environment variables, which the migration reports.
"""

from bt.errors import MigrationError
from bt.migrate._config import TARGETS, migrate_config
from bt.migrate._read import read_config
from bt.migrate._recognise import is_v1
from bt.migrate._report import Finding, Migration
from bt.migrate.switches import SWITCHES, Switch

__all__ = [
    "SWITCHES",
    "TARGETS",
    "Finding",
    "Migration",
    "MigrationError",
    "Switch",
    "is_v1",
    "migrate_config",
    "read_config",
]
