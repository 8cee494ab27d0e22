"""An invented election of the size of Kraków's in 2018, as Pabulib files, for those who have no files of their own."""

import random
from pathlib import Path

VOTERS, CITYWIDE, DISTRICTS, PER_DISTRICT = 32_958, 123, 18, 17
META = ("description;Bench\ncountry;Poland\nunit;Kraków\n{subunit}instance;2018\nnum_projects;{projects}\nnum_votes;{votes}\n"
        "budget;{budget}\nvote_type;ordinal\nrule;greedy\ndate_begin;16.06.2018\ndate_end;30.06.2018\nmin_length;3\nmax_length;3")


def write_election(folder: Path) -> list[Path]:
    """Write one citywide file and one per district and return their paths; the same on every machine."""
    chance = random.Random(2018)
    homes = [chance.randrange(DISTRICTS) for _ in range(VOTERS)]
    files = [_write(folder / "citywide.pb", None, range(VOTERS), CITYWIDE, 8_000_100, chance)]
    for district in range(DISTRICTS):
        voters = [voter for voter, home in enumerate(homes) if home == district]
        name = f"Dzielnica {district + 1}"
        files.append(_write(folder / f"district-{district:02}.pb", name, voters, PER_DISTRICT, 200_000, chance))
    return files


def _write(path: Path, subunit: str | None, voters: range | list[int], projects: int, budget: int, chance: random.Random) -> Path:
    meta = META.format(subunit=f"subunit;{subunit}\n" if subunit else "", projects=projects, votes=len(voters), budget=budget)
    ideas = [f"{project};{chance.randrange(budget // 50, budget // 4)};Projekt {project}" for project in range(projects)]
    votes = [f"{voter};{','.join(map(str, chance.sample(range(projects), 3)))};internet" for voter in voters]
    path.write_text("\n".join(["META\nkey;value", meta, "PROJECTS\nproject_id;cost;name", *ideas,
                               "VOTES\nvoter_id;vote;voting_method", *votes]) + "\n", "utf-8")
    return path
