"""python -m benchmarks.load visitors|limit|api|encoding|soak: one load on a server of its own on 127.0.0.1; the results as Markdown on stdout."""

from __future__ import annotations

import argparse

from benchmarks.load import api, encoding, soak, tables, visitors


def bounded(least: float, most: float):
    """An argument's type: a number within bounds."""

    def number(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and {most:g}.")
        return value

    return number


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("load", choices=["visitors", "limit", "api", "encoding", "soak"])
    parser.add_argument(
        "--minutes",
        type=bounded(0.1, 120),
        help="visitors: 5, soak: 30, api: half a minute for each set of questions",
    )
    parser.add_argument(
        "--visitors",
        type=bounded(1, 200),
        help="visitors: 50, soak: 10, limit: the most that are tried, 200",
    )
    asked = parser.parse_args()
    count = int(asked.visitors) if asked.visitors else None
    print(tables.machine(), end="\n\n")
    match asked.load:
        case "visitors":
            print(visitors.run(count or 50, asked.minutes or 5))
        case "limit":
            print(visitors.limit(count or 200))
        case "api":
            print(api.run(60 * (asked.minutes or 0.5)))
        case "encoding":
            print(encoding.run())
        case "soak":
            print(soak.run(asked.minutes or 30, count or 10))


if __name__ == "__main__":
    main()
