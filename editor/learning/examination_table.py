"""Turn what an examination found into pages for people."""

from collections.abc import Mapping
from typing import Any


def cutters_text(found: Mapping[str, Any]) -> str:
    """What `compare_cutters` found, as a page for people."""
    lines: list[str] = []
    for group in ("simulated", "real"):
        if group in found:
            lines += _table(group, found[group], found["seeds"])
            lines += _shoots(found[group]) if group == "real" else []
            lines += _terms(found[group]["cutters"])
    return "\n".join(lines)


def looks_text(found: Mapping[str, Any]) -> str:
    """What `look_into` found, as a page for people; empty where nothing was looked into."""
    if "heads" not in found:
        return ""
    lines = ["heads: entropy as a share of an even choice; choices at the first or last legal"]
    for head, row in found["heads"].items():
        histogram = " ".join(f"{share:.2f}" for share in row["histogram"])
        lines.append(f"  {head:5} {row['share']:.2f}   ends {row['ends']:.2f}   {histogram}")
    for what, row in found["embeddings"].items():
        lines.append(
            f"{what}: {row['changed']:.0%} of {row['cases']} films change,"
            f" score lost {_interval(row['lost'])}"
        )
    for row in found["pace"]:
        got = row["got"]
        lines.append(
            f"median shot asked {row['asked']:g} s: got {got['mean']:.2f} s"
            + (f" [{got['low']:.2f}, {got['high']:.2f}]" if got["of"] != 1 else "")
        )
    return "\n".join(lines)


def _table(group: str, found: dict[str, Any], seeds: int) -> list[str]:
    leaders, wide = list(next(iter(found["cutters"].values()))["leads"]), _wide(found)
    columns = [max(24, len(leader) + len(" leads by")) for leader in leaders]
    lines = [
        f"{found['cases']} {group} cases, {seeds} seed{'' if seeds == 1 else 's'}: mean film score"
        f" {'(one case: no interval)' if found['cases'] == 1 else '[95 % interval]'}; by how"
        " much others lead it, paired by case;",
        "share of what a beam of 64 gains over random; frames in common with greedy's film",
        f"  {'':{wide}} {'score':24} "
        + " ".join(
            f"{f'{who} leads by':{size}}" for who, size in zip(leaders, columns, strict=True)
        )
        + f" {'share of beam64':24} {'CPU s':>8} {'looks':>9} {'median':>7} {'greedy':>7}",
    ]
    for way, row in found["cutters"].items():
        share = _interval(row["share"]) if row["share"] else "-"
        leads = " ".join(
            f"{_interval(lead) if leader != way else '-':{size}}"
            for (leader, lead), size in zip(row["leads"].items(), columns, strict=True)
        )
        same = f"{row['agreement']:7.0%}" if row["agreement"] is not None else f"{'-':>7}"
        lines.append(
            f"  {way:{wide}} {_interval(row['score']):24} {leads} {share:24}"
            f" {row['seconds']:8.2f} {row['looked']:9.0f} {row['median']:6.1f}s {same}"
        )
    return lines


def _wide(found: Mapping[str, Any]) -> int:
    """Characters of the column of cutters' names."""
    return max(18, *map(len, found["cutters"]))


def _shoots(found: Mapping[str, Any]) -> list[str]:
    """Each cutter's score on each shoot, where there are several: a mean over them hides much."""
    names = [name[:16] for name in found["pools"]]
    if len(names) < 2:
        return []
    wide = _wide(found)
    lines = ["score on each shoot", f"  {'':{wide}} " + " ".join(f"{name:>16}" for name in names)]
    for way, row in found["cutters"].items():
        lines.append(f"  {way:{wide}} " + " ".join(f"{score:>+16.3f}" for score in row["by_pool"]))
    return lines


def _terms(cutters: dict[str, Any]) -> list[str]:
    """The reward's raw terms of the leaders' films, and of two plain cutters'."""
    leaders = next(iter(cutters.values()))["leads"]
    ways = [way for way in (*leaders, "greedy", "uniform") if way in cutters]
    rows = {way: cutters[way]["terms"] for way in ways}
    lines = ["the reward's terms of their films, each from -1 to 1"]
    lines.append(f"  {'':18} " + " ".join(f"{way:{max(24, len(way))}}" for way in ways))
    for name in rows[ways[0]]:
        each = " ".join(f"{_interval(rows[way][name]):{max(24, len(way))}}" for way in ways)
        lines.append(f"  {name:18} {each}".rstrip())
    return lines


def _interval(row: dict[str, float]) -> str:
    if row["of"] == 1:
        return f"{row['mean']:+.3f}"
    return f"{row['mean']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
