"""Fuzzing for longer: `python -m tests.fuzz --minutes 15` draws new examples, round after round, and tells the seed of each."""

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=15, help="begin no further round after these (default: 15)"
    )
    parser.add_argument(
        "--times",
        type=int,
        default=20,
        help="examples of a round, in those of a usual run (default: 20)",
    )
    parser.add_argument("--seed", type=int, help="one round with this seed alone")
    parser.add_argument("tests", nargs="*", help="files of tests/fuzz (default: all)")
    asked = parser.parse_args()
    tests = [str(HERE / name) for name in asked.tests] or [str(HERE)]
    until = time.monotonic() + asked.minutes * 60
    failed = []
    while True:
        seed = random.SystemRandom().randrange(10**9) if asked.seed is None else asked.seed
        print(f"seed {seed}", flush=True)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--tb=short",
            "-p",
            "no:cacheprovider",
            f"--hypothesis-seed={seed}",
            *tests,
        ]
        if subprocess.run(
            command,
            cwd=HERE.parents[1],
            env=os.environ | {"FUZZ_TIMES": str(asked.times)},
            check=False,
        ).returncode:
            failed.append(seed)
        if asked.seed is not None or time.monotonic() > until:
            break
    print(
        f"Failed with {failed or 'no seed'}. Again: python -m tests.fuzz --times {asked.times} --seed SEED"
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
