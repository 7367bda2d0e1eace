"""``make docs``: renew the pages made from the code, then check that every link leads somewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")


def broken_links(root: Path = CHECKOUT) -> list[str]:
    """Relative links of the documents that lead nowhere, as ``page: link``."""
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "expectations").rglob("*.md")]
    return [
        f"{page.relative_to(root)}: {link}"
        for page in sorted(pages)
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]


def main() -> int:
    """Write the JSON Schema of care models, and list links that lead nowhere."""
    sys.path.insert(0, str(CHECKOUT))
    from dagster_project.components.care_model import json_schema

    schema = CHECKOUT / "docs" / "contracts" / "care_model.schema.json"
    schema.write_text(json_schema(), encoding="utf-8")
    print(f"written: {schema.relative_to(CHECKOUT)}")
    broken = broken_links()
    for link in broken:
        print(f"leads nowhere: {link}", file=sys.stderr)
    print("Start reading at README.md and docs/rooms/." if not broken else "Mend the links above.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
