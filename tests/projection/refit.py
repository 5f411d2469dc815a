"""``python -m tests.projection.refit``: fits the prior to the library and writes it beside it. Takes half a minute."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from harness.projection import fit, library
from tests.projection.published import DATA


def main() -> None:
    """Write ``prior.json``."""
    rows = library.rows()
    about = f"fitted to {len(rows)} rows of {library.SOURCE} on {datetime.now(UTC).date()} by tests.projection.refit"
    (DATA / "prior.json").write_text(json.dumps(fit.as_json(fit.fit(rows), about), indent=2) + "\n")


if __name__ == "__main__":
    main()
