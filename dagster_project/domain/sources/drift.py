"""A supplier's file is not what the contract says: what is still taken, and what is told."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.errors import Refused

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table

NAMED = 8  # columns listed in a sentence
KNOWING = ("accept_known", "evolve")  # the modes that take what they recognise


@dataclass(frozen=True)
class Header:
    """The columns of a file, held against the contract.

    Attributes:
        taken: the delivered name of each of the contract's columns that is there.
        unknown: delivered names that the contract does not know. They may hold anything: never show them in a log.
        gone: columns that are not there and should be; they are blank throughout.
        respelled: columns that are there in another spelling.
    """

    taken: dict[str, str]
    unknown: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    respelled: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What a person should know, in the contract's names alone; empty where the file is as promised.

        >>> Header({}, unknown=("x", "y"), gone=("note",)).told
        'columns that the contract does not know, and that were left: 2; blank throughout, as the file lacks it: note'
        """
        many = len(self.unknown)
        parts = [
            f"columns that the contract does not know, and that were left: {many}" if many else "",
            f"blank throughout, as the file lacks it: {', '.join(self.gone)}" if self.gone else "",
            f"taken in another spelling: {', '.join(self.respelled)}" if self.respelled else "",
        ]
        return "; ".join(part for part in parts if part)


def header_of(names: Sequence[str], table: Table, where: str) -> Header:
    """The file's column names against the contract; names of the contract are all that a message shows.

    >>> from dagster_project.domain.sources.contract import Column, Table
    >>> visits = Table(key=("id",), columns={"id": Column(), "note": Column(also=("remark",))}, drift="accept_known")
    >>> header_of(["Id ", "remark", "colour"], visits, "header")
    Header(taken={'id': 'Id ', 'note': 'remark'}, unknown=('colour',), gone=(), respelled=('id',))

    Raises:
        Refused: a column is missing or twice there, spelled otherwise or unknown, where the contract does not allow it.
    """
    declared = {former: name for name, column in table.columns.items() for former in (*column.also, name)}
    taken: dict[str, str] = {}
    for name in names:
        if name in declared:
            if declared[name] in taken:
                raise Refused("damaged_header", f"the {where} names the column {declared[name]} twice")
            taken[declared[name]] = name
    unknown = [name for name in names if name not in declared]
    respelled = _respelled(unknown, declared, taken, where)
    missing = [name for name, column in table.columns.items() if not column.optional and name not in taken]
    if table.drift in KNOWING:
        taken |= respelled
        missing = [name for name in missing if name not in respelled]
        unknown = [name for name in unknown if name not in respelled.values()]
    if respelled and table.drift not in KNOWING:
        written = ", ".join(list(respelled)[:3]) + (" and others" if len(respelled) > 3 else "")
        raise Refused(
            "damaged_header",
            f"the {where} spells {written} otherwise (case, blanks, unseen marks): write that in the contract (also)",
        )
    _refuse_missing(missing, table, where)
    if unknown and (table.extra_columns == "refused" or table.drift == "refuse"):
        raise Refused(
            "unknown_columns",
            f"the {where} has {len(unknown)} columns that the contract does not know: name them, or leave them out",
        )
    known = {name: taken[name] for name in table.columns if name in taken}
    return Header(known, tuple(unknown), tuple(missing), tuple(respelled) if table.drift in KNOWING else ())


def plain_name(name: str) -> str:
    """A column's name without what people do not see or do not mean: case, blanks, invisible marks, form of letters.

    >>> plain_name("\\ufeffCustomer-Number "), plain_name("CustomerNumber")
    ('customernumber', 'customernumber')
    """
    composed = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in composed if letter.isalnum())


def _respelled(unknown: Sequence[str], declared: dict[str, str], taken: dict[str, str], where: str) -> dict[str, str]:
    """Absent columns of the contract that an unknown name means, by name."""
    absent = {plain_name(former): name for former, name in declared.items() if name not in taken}
    found: dict[str, str] = {}
    for name in unknown:
        meant = absent.get(plain_name(name))
        if meant is None:
            continue
        if meant in found:
            raise Refused("damaged_header", f"the {where} names the column {meant} twice, spelled in two ways")
        found[meant] = name
    return found


def _refuse_missing(missing: Sequence[str], table: Table, where: str) -> None:
    keys = [name for name in missing if name in table.key]
    if keys:
        expected = [name for name, column in table.columns.items() if not column.optional]
        more = f" and {len(expected) - NAMED} more" if len(expected) > NAMED else ""
        raise Refused(
            "missing_key_column",
            f"the {where} lacks the key column {keys[0]}; it should have {expected[:NAMED]}{more}",
        )
    needed = [name for name in missing if table.columns[name].required or table.drift not in KNOWING]
    if needed:
        raise Refused(
            "damaged_header",
            f"the {where} lacks {len(needed)} of the contract's columns: {needed[:5]}. Ask for them, or say in the"
            " contract that they are optional, or what they are called now (also)",
        )
