#!/usr/bin/env python3
"""Try a receiver of batches on everything docs/contracts/outbox.md warns of, and say what it gets wrong.

    python check_receiver.py python receiver.py {outbox} {acks} {destination} {state} {delivered}

Needs Python 3.9 or newer and nothing else. The command is run once or more per case, with its places filled in:
``{outbox}`` and ``{acks}`` are folders made for the case, ``{destination}`` is the name ``conformance``, ``{state}`` an
empty folder the receiver may keep things in, and ``{delivered}`` a file: instead of delivering, append for each row a
line ``<batch_id> <file> <line> <row_key>``, as in ``rows.csv``. The receiver may end with an error where it refuses.
Exit code 0: nothing wrong; 1: something is; 2: the command could not be run.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

DESTINATION = "conformance"
SECONDS = 60  # for one run of the receiver
ROWS = {"contacts.csv": ["k1", "k2", "k3"]}
PLACES = ("outbox", "acks", "destination", "state", "delivered")


class Case:
    """One case: folders of its own, batches, and the receiver to run on them."""

    def __init__(self, folder, command):
        self.folder, self.command = folder, command
        self.outbox, self.acks, self.state = (folder / name for name in ("outbox", "acks", "state"))
        self.delivered = folder / "delivered.txt"
        for path in (self.outbox / DESTINATION, self.acks, self.state):
            path.mkdir(parents=True, mode=0o700)
        self.names, self.hashes = {}, {}

    def batch(self, sequence, previous=None, rows=None, taken=False, hidden=None, **changes):
        """Put a batch in place as Hoiva does: whole, by one rename."""
        rows = rows or {name: [f"{key}-{sequence}" for key in keys] for name, keys in ROWS.items()}
        files = {name: "Name\n" + "".join(f"Row of {key}\n" for key in keys) for name, keys in rows.items()}
        lines = [f"{name},{line},{key},c-{key}\n" for name, keys in rows.items() for line, key in enumerate(keys, 2)]
        files["rows.csv"] = "file,line,row_key,consent_id\n" + "".join(lines)
        batch_id = hashlib.sha256(f"{sequence} {sorted(files.items())}".encode()).hexdigest()[:32]
        listed = [
            {
                "name": name,
                "role": name.partition(".")[0].partition("_")[0],
                "rows": text.count("\n") - 1,
                "bytes": len(text.encode()),
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "columns": text.splitlines()[0].split(","),
            }
            for name, text in files.items()
        ]
        now = datetime.now(UTC)
        manifest = {
            "protocol": 2,
            "destination": DESTINATION,
            "kind": "message" if "contacts.csv" in rows else "membership",
            "format": "conformance",
            "audience": None if "contacts.csv" in rows else "hv-01",
            "sequence": sequence,
            "batch_id": batch_id,
            "previous_manifest_sha256": self.hashes.get(previous),
            "withdrawn": [],
            "pickup": "move",
            "as_of": moment(now),
            "consent_as_of": moment(now),
            "expires_at": moment(now + timedelta(days=1)),
            "files": listed,
        }
        manifest.update(changes)
        text = json.dumps(manifest, indent=1) + "\n"
        name = f"{sequence:06d}-{batch_id}"
        fresh = self.folder / "fresh" / name
        fresh.mkdir(parents=True, mode=0o700)
        for file, content in {**files, "manifest.json": text}.items():
            (fresh / file).write_bytes(content.encode())
        above = self.outbox / hidden / DESTINATION if hidden else self.outbox / DESTINATION
        above = above / ".taken" if taken else above
        above.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh.rename(above / name)
        self.names[sequence], self.hashes[sequence] = name, hashlib.sha256(text.encode()).hexdigest()
        return above / name

    def run(self):
        """Run the receiver once; it may refuse with an error."""
        filled = {name: str(getattr(self, name, DESTINATION)) for name in PLACES}
        command = [part.format(**filled) for part in self.command]
        subprocess.run(command, timeout=SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def log(self):
        """What was delivered: (batch_id, file, row_key), in order."""
        lines = self.delivered.read_text().splitlines() if self.delivered.exists() else []
        return [(part[0], part[1], part[-1]) for part in (line.split() for line in lines) if len(part) >= 3]

    def keys(self, sequence):
        """How often each row of a batch was delivered."""
        batch_id = self.names[sequence].partition("-")[2]
        return [key for own, _, key in self.log() if own == batch_id]

    def answer(self, sequence):
        """The status of the answer to a batch; None without one."""
        path = self.acks / DESTINATION / f"{self.names[sequence].partition('-')[2]}.json"
        try:
            told = json.loads(path.read_text())
            return told["status"] if told["batch_id"] == path.stem else "of another batch_id"
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return "not as agreed"

    def is_taken(self, sequence):
        """Whether it was taken by a rename."""
        place = self.outbox / DESTINATION
        name = self.names[sequence]
        return (place / ".taken" / name / "manifest.json").is_file() and not (place / name).exists()


def moment(at):
    """A moment as in a manifest."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def once(case, *sequences):
    """Each of these batches was delivered whole, once, answered, and taken by a rename."""
    for sequence in sequences:
        expected = sorted(f"{key}-{sequence}" for key in ROWS["contacts.csv"])
        found = sorted(case.keys(sequence))
        if found != expected:
            yield f"batch {sequence} should be delivered once, row by row; delivered: {len(found)} of {len(expected)}"
        if case.answer(sequence) not in ("accepted", "partly"):
            yield f"batch {sequence} should be answered accepted; the answer is {case.answer(sequence)}"
        if not case.is_taken(sequence):
            yield f"batch {sequence} should be taken by renaming its folder into .taken"


def never(case, *sequences):
    """None of these was delivered or accepted."""
    for sequence in sequences:
        if case.keys(sequence):
            yield f"batch {sequence} must not be delivered"
        if case.answer(sequence) in ("accepted", "partly"):
            yield f"batch {sequence} must not be accepted"


def two_in_order(case):
    """Two batches are delivered in the order of their numbers, and a second run changes nothing."""
    case.batch(1)
    case.batch(2, previous=1)
    case.run()
    case.run()
    yield from once(case, 1, 2)
    order = list(dict.fromkeys(batch_id for batch_id, _, _ in case.log()))
    if order != [case.names[number].partition("-")[2] for number in (1, 2)]:
        yield "batches must be delivered in the order of their numbers"


def damaged(case):
    """A damaged batch is not used, and nothing behind it."""
    case.batch(1)
    path = case.batch(2, previous=1) / "contacts.csv"
    path.write_bytes(path.read_bytes().replace(b"Row of k1", b"Row of k9"))
    case.batch(3, previous=2)
    case.run()
    yield from once(case, 1)
    yield from never(case, 2, 3)


def incomplete(case):
    """A batch that lacks a file is not used."""
    (case.batch(1) / "rows.csv").unlink()
    case.run()
    yield from never(case, 1)


def expired(case):
    """A batch after its time is answered rejected, and the next one is delivered."""
    case.batch(1, expires_at=moment(datetime.now(UTC) - timedelta(minutes=1)))
    case.batch(2, previous=1)
    case.run()
    yield from never(case, 1)
    if case.answer(1) != "rejected":
        yield f"batch 1 has expired: the answer should be rejected, it is {case.answer(1)}"
    yield from once(case, 2)


def gap(case):
    """A batch whose predecessor never came is not used."""
    case.batch(1)
    case.run()
    case.hashes[2] = "0" * 64
    case.batch(3, previous=2)
    case.run()
    yield from once(case, 1)
    yield from never(case, 3)


def withdrawn(case):
    """A number that was withdrawn is no gap."""
    case.batch(1)
    case.run()
    told = [{"sequence": 2, "batch_id": "0" * 32, "manifest_sha256": "0" * 64}]
    case.batch(3, previous=1, withdrawn=told)
    case.run()
    yield from once(case, 1, 3)


def unknown_protocol(case):
    """A protocol nobody has heard of is refused."""
    case.batch(1, protocol=3)
    case.run()
    yield from never(case, 1)


def repeated(case):
    """A batch that was had before and appears again is not delivered again."""
    shutil.copytree(case.batch(1), case.folder / "copy")
    case.run()
    place = case.outbox / DESTINATION / case.names[1]
    if not place.exists():
        (case.folder / "copy").rename(place)
    case.run()
    if len(case.keys(1)) != len(ROWS["contacts.csv"]):
        yield f"batch 1 was delivered {len(case.keys(1)) / len(ROWS['contacts.csv']):g} times"


def died_after_taking(case):
    """A batch that was taken when the receiver died is delivered by the next run."""
    case.batch(1, taken=True)
    case.run()
    yield from once(case, 1)


def hidden(case):
    """What lies in folders whose names begin with a dot is nobody's."""
    for number, name in ((1, ".staging"), (2, ".withdrawn")):
        case.batch(number, hidden=name)
    case.run()
    yield from never(case, 1, 2)
    case.batch(3)
    case.run()
    yield from once(case, 3)


def removes_first(case):
    """Within a batch removals come before additions."""
    case.batch(1, rows={"remove.csv": ["k1"], "add.csv": ["k1", "k2"]})
    case.run()
    roles = [file for _, file, _ in case.log()]
    if roles != ["remove.csv", "add.csv", "add.csv"]:
        yield f"remove.csv must be applied before add.csv; applied: {', '.join(roles) or 'nothing'}"


def whole_audience(case):
    """A full batch is delivered with all its files, also one that empties the list."""
    case.batch(1, rows={"full.csv": ["k1", "k2"], "full_2.csv": ["k3"]})
    case.batch(2, previous=1, rows={"full.csv": []})
    case.run()
    if case.keys(1) != ["k1", "k2", "k3"]:
        yield f"full.csv and full_2.csv must be delivered once and whole; delivered: {len(case.keys(1))} of 3 rows"
    for number in (1, 2):
        if case.answer(number) != "accepted":
            yield f"full batch {number} should be answered accepted; the answer is {case.answer(number)}"


CASES = (
    two_in_order, damaged, incomplete, expired, gap, withdrawn, unknown_protocol, repeated, died_after_taking, hidden,
    removes_first, whole_audience,
)  # fmt: skip


def check(command):
    """Case by case: what the receiver got wrong, in words."""
    found = {}
    for case in CASES:
        with tempfile.TemporaryDirectory(prefix="receiver-") as folder:
            found[case.__name__] = (case.__doc__.strip(), list(case(Case(Path(folder), command))))
    return found


def main(command):
    """Print the outcome of each case; the exit code."""
    if not command or command == ["--help"]:
        print(__doc__)
        return 0 if command else 2
    try:
        found = check(command)
    except (OSError, subprocess.TimeoutExpired, KeyError, ValueError) as error:
        print(f"the receiver could not be run: {error}", file=sys.stderr)
        return 2
    for name, (meaning, wrong) in found.items():
        print(f"{'WRONG' if wrong else 'right'}  {name}: {meaning}")
        for one in wrong:
            print(f"       {one}")
    count = sum(bool(wrong) for _, wrong in found.values())
    print(f"{count} of {len(found)} cases are wrong" if count else f"all {len(found)} cases are right")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
