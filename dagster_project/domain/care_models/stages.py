"""The service path: where in their life with us an encounter meets a customer.

One line from first hearing of us to coming back, the same for every care model, so that maps can lie on each other.
"""

from __future__ import annotations

from typing import Literal, get_args

Stage = Literal["discover", "choose", "buy", "receive", "use", "get_help", "belong", "come_back"]
STAGES: tuple[str, ...] = get_args(Stage)
TITLES = {
    "discover": "Discovers us",
    "choose": "Chooses",
    "buy": "Buys",
    "receive": "Receives",
    "use": "Uses",
    "get_help": "Gets help",
    "belong": "Belongs",
    "come_back": "Comes back",
}
