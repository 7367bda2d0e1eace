"""Which requests may reach the Dagster UI at all: a page open in the same browser must not start or stop a run.

Dagster's web server has no login and takes a mutation by GET, and by POST of any kind with the query in its address;
both are requests that any web page can make a browser send. Pure rules; :mod:`dagster_project.adapters.guarding` asks
them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
SAFE_SITES = ("same-origin", "none")  # of Sec-Fetch-Site: our own page, or typed by the person


@dataclass(frozen=True)
class Refusal:
    """Why a request is turned away: the status code, and one sentence."""

    status: int
    reason: str


def refusal(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    hosts: Collection[str],
    *,
    is_websocket: bool = False,
) -> Refusal | None:
    """Why a request may not pass, whoever sends it; None when it may go on to the login.

    Args:
        path, query: decoded path, raw query string.
        headers: by lowercase name.
        hosts: the values of ``Host`` this UI is reached by, as ``127.0.0.1:3000``.

    >>> refusal("GET", "/graphql", "query=mutation{x}", {"host": "127.0.0.1:3000"}, {"127.0.0.1:3000"}).status
    405
    >>> refusal("GET", "/runs", "", {"host": "127.0.0.1:3000"}, {"127.0.0.1:3000"})
    """
    host = headers.get("host", "").lower()
    if host not in hosts:
        return Refusal(421, "this address is not served here")
    if method not in METHODS:
        return Refusal(405, "this method is not used here")
    origin = headers.get("origin")
    if origin is None and is_websocket:
        return Refusal(403, "a connection must say which page opens it")
    if origin is not None and origin.lower() not in {f"http://{host}", f"https://{host}"}:
        return Refusal(403, "another page sent this request")
    is_graphql = is_graphql_path(path)
    site = headers.get("sec-fetch-site", "none").lower()
    is_followed_link = method == "GET" and headers.get("sec-fetch-mode", "").lower() == "navigate" and not is_graphql
    if site not in SAFE_SITES and not is_followed_link:
        return Refusal(403, "another page sent this request")
    if is_graphql and not is_websocket:
        return _of_graphql(method, query, headers)
    return None


def is_graphql_path(path: str) -> bool:
    """Whether a path may be taken for GraphQL's, however it is written.

    >>> [is_graphql_path(path) for path in ("/graphql", "//GraphQL/", "/graphql/x", "/runs")]
    [True, True, True, False]
    """
    return "graphql" in [part.strip().lower() for part in path.split("/")]


def _of_graphql(method: str, query: str, headers: Mapping[str, str]) -> Refusal | None:
    if query:
        return Refusal(405, "GraphQL is asked by POST with a JSON body, never in an address")
    if method == "POST" and headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return Refusal(415, "GraphQL is asked by POST with a JSON body")
    return None
