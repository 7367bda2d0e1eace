"""The signs on the map: an envelope, a phone, an hourglass, a diamond ... each drawn in a square of 24 units.

Lines only, in the colour of the text, so that they read in grey, on paper and in the dark.
"""

from __future__ import annotations

ICONS = {
    "email": '<rect x="3" y="5.5" width="18" height="13" rx="1.5"/><path d="M3.5 6.5 12 13l8.5-6.5"/>',
    "sms": '<path d="M4 4.5h16v11H11l-4.5 4v-4H4z"/><path d="M8 8.5h8M8 11.5h5"/>',
    "push": '<path d="M6.5 16.5v-6a5.5 5.5 0 0 1 11 0v6l1.5 1.5H5z"/><path d="M10 20.5h4"/>',
    "web": '<rect x="3" y="4.5" width="18" height="15" rx="1.5"/><path d="M3 8.5h18M6 6.5h.1M8.5 6.5h.1"/>',
    "phone": '<path d="M6 3.5h3.2l1.4 4.4-2 1.5a12 12 0 0 0 6 6l1.5-2 4.4 1.4V18a2.4 2.4 0 0 1-2.6 2.4A15.4 '
    '15.4 0 0 1 3.6 6.1 2.4 2.4 0 0 1 6 3.5z"/>',
    "letter": '<path d="M5 3.5h10l4 4v13H5z"/><path d="M15 3.5v4h4M8 11h8M8 14h8M8 17h5"/>',
    "sample": '<rect x="4" y="10" width="16" height="10.5"/><path d="M3 6.5h18V10H3zM12 6.5v14"/><path '
    'd="M12 6.5C9 2 5.5 4 8 6.5M12 6.5c3-4.5 6.5-2.5 4 0"/>',
    "event": '<rect x="3.5" y="5" width="17" height="15.5" rx="1.5"/><path d="M3.5 10h17M8 3v4M16 '
    '3v4"/><path d="m12 12 1 2 2.2.3-1.6 1.5.4 2.2-2-1-2 1 .4-2.2-1.6-1.5 2.2-.3z"/>',
    "staff": '<path d="M4 9.5 5.5 4.5h13L20 9.5M5 11.5v9h14v-9"/><path d="M4 9.5a2.67 2.67 0 0 0 5.33 0 2.67 '
    '2.67 0 0 0 5.34 0 2.67 2.67 0 0 0 5.33 0"/><path d="M10 20.5v-5h4v5"/>',
    "ads": '<path d="M4 10v4h3l8 4.5v-13L7 10z"/><path d="M18 9.5a4 4 0 0 1 0 5M8 14l1.5 5.5"/>',
    "cart": '<path d="M3 4.5h2.5L8 15.5h9.5L20 7.5H6.2"/><circle cx="9.5" cy="19" r="1.3"/><circle cx="16.5" '
    'cy="19" r="1.3"/>',
    "hourglass": '<path d="M6.5 3.5h11M6.5 20.5h11M8 3.5v3.5l4 5-4 5v3.5M16 3.5v3.5l-4 5 4 5v3.5"/><path '
    'd="M9.5 7.5h5"/>',
    "listen": '<path d="M5.5 3.5h9M5.5 20.5h9M7 3.5v3.5l3 5-3 5v3.5M13 3.5v3.5l-3 5 3 5v3.5"/><path d="M17 '
    '9.2a2 2 0 1 1 2.6 1.9c-.5.2-.7.6-.7 1.2v.7M18.9 15.7v.1"/>',
    "diamond": '<path d="M8.5 9.5a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.2-1.5 2.3M12 18v.1"/>',
    "split": '<rect x="5.5" y="5.5" width="13" height="13" rx="2.5"/><path d="M9 9h.1M15 9h.1M12 12h.1M9 '
    '15h.1M15 15h.1"/>',
    "enter": '<path d="M10 4.5h9.5v15H10"/><path d="M3.5 12H14M10.5 8.5 14 12l-3.5 3.5"/>',
    "leave": '<path d="M14 4.5H4.5v15H14"/><path d="M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5"/>',
    "flag": '<path d="M5.5 21V3.5M5.5 4.5h12.5l-3 4 3 4H5.5"/>',
    "end": '<circle cx="12" cy="12" r="8.5"/><path d="m8 12.2 2.8 2.8L16 9.5"/>',
    "move": '<path d="M4 12h15M14 7l5 5-5 5"/>',
}  # fmt: skip
SAID = {
    "email": "e-mail", "sms": "text message", "push": "push message", "web": "slot on the web page",
    "phone": "phone call",
    "letter": "printed letter", "sample": "sample", "event": "invitation", "staff": "task for the shop's staff",
    "ads": "ad audience", "cart": "purchase", "hourglass": "pause", "listen": "waits for an answer",
    "diamond": "choice by a condition", "split": "choice by lot", "enter": "enters", "leave": "leaves", "flag": "goal",
    "end": "end of the path", "move": "event",
}  # fmt: skip


def icon(name: str, x: float, y: float, size: float = 24) -> str:
    """A sign with its upper left corner at a place."""
    drawn = ICONS.get(name, ICONS["move"])
    scale = size / 24
    return f'<g class="icon" transform="translate({x:g} {y:g}) scale({scale:g})">{drawn}</g>'
