"""schemathesis against the running server and its own description: what is documented holds, whatever is sent.

python -m tools.contract [SECONDS]

One check is left out, positive_data_acceptance: which ids the catalog holds, and which figures go together, no schema tells.
"""

import subprocess
import sys
from pathlib import Path

from tests.browser.conftest import start_app

SEED = 20261125


def main(seconds: int) -> int:
    """The exit status of schemathesis."""
    command = Path(sys.executable).with_name("schemathesis")
    with start_app() as address:
        return subprocess.run(
            [
                command, "run", f"{address}/api/v1/openapi.json", "--max-time", str(seconds), "--rate-limit", "auto", "--seed", str(SEED),
                "--exclude-checks", "positive_data_acceptance", "--continue-on-failure", "--no-color",
            ],
            check=False,
        ).returncode  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
