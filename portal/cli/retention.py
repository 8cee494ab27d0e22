"""portal retention run: remove what nobody needs any more; the worker does it every night."""

from datetime import timedelta

from portal import clock
from portal.cli.command import ACTOR, argument, command
from portal.services import retention


@command("retention run", "remove what nobody needs any more; prints what, how much of it and why",
         argument("--dry-run", action="store_true", help="only print what would be removed"))
def run(dry_run: bool) -> None:
    now = clock.now()
    if dry_run:
        for rule in retention.RULES:
            _print("would remove", rule, retention.count_due(rule, now=now))
        found = [kind.find_strays(now=now) for kind in retention.SWEPT]
        _print_sweep("would remove", *(sum(map(len, both)) for both in zip(*found)))
    else:
        swept = retention.remove_due(actor=ACTOR, now=now, done=lambda rule, rows: _print("removed", rule, rows))
        _print_sweep("removed", *swept)


def _print(verb: str, rule: retention.Rule, rows: int) -> None:
    after = f"{rule.after.days} days" if rule.after.days > 3 else f"{rule.after // timedelta(hours=1)} h"
    print(f"{verb} {rows:>9,}  {rule.what} ({after} after {rule.since}: {rule.why})", flush=True)


def _print_sweep(verb: str, strays: int, lost: int) -> None:
    print(f"{verb} {strays:>9,}  files of scans and attachments (when no row has them, or not any more: nobody can see them)")
    print(f"{verb} {lost:>9,}  scans and attachments that are lost (when a file is missing: the audit log names it)", flush=True)
