"""schemathesis against the running server and its own description: what is documented holds,
whatever is sent.

python -m tools.contract [SECONDS]

Without SECONDS the cases are the same each time, so that a change, not chance, decides what a check
finds. With SECONDS they are drawn anew until the time is over.

One check is left out, positive_data_acceptance: which ids the catalog holds, and which figures go
together, no schema tells.
"""

import subprocess
import sys
from pathlib import Path

from tests.browser.conftest import start_app

CASES = 50
"""Cases an operation, beside the cases that schemathesis makes of each bound in the description."""


def main(seconds: int | None) -> int:
    """The exit status of schemathesis."""
    drawn = (
        ["--max-time", str(seconds), "--generation-database", "none"]
        if seconds
        else ["--generation-deterministic", "--max-examples", str(CASES)]
    )
    command = [
        Path(sys.executable).with_name("schemathesis"), "run", *drawn, "--rate-limit", "auto",
        "--exclude-checks", "positive_data_acceptance", "--continue-on-failure", "--no-color",
    ]  # fmt: skip
    with start_app() as address:
        return subprocess.run([*command, f"{address}/api/v1/openapi.json"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else None))
