"""Cases of the client puzzle."""

import dataclasses
import functools

from intake.wire.constants import MEDIA_SEALED_MAX_SIZE
from intake.wire.encoding import b64, unb64
from intake.wire.puzzle import Puzzle, Solution, bits_for, parse_solution, work_class, write_solution
from tests.puzzles import solve

SEED = bytes(range(0x50, 0x60))
SUBJECT = bytes(range(16))
SIZES = (0, 8192, 65536, 262_143, 262_144, 10**6, 10**7, 10**8, 10**9, MEDIA_SEALED_MAX_SIZE)


@functools.cache
def solved(size, window=7, seed=SEED, subject=SUBJECT, work=1):
    return parse_solution(solve(Puzzle(window, seed, bits_for(size, work)), subject, size))


def _case(description, expect, text, size=8192, seed=SEED):
    keys = {"description": description, "expect": expect, "operation": "solution"}
    return keys | {"seed": seed.hex(), "size": size, "input": text}


def good(description, size, **changes):
    found = solved(size, **changes)
    value = dataclasses.asdict(found) | {"subject": found.subject.hex(), "nonces": list(found.nonces)}
    case = _case(description, "ok", write_solution(found), size, changes.get("seed", SEED))
    return case | {"value": value | {"work": work_class(found.bits, size)}}


def bad(description, text, **keys):
    return _case(description, "PuzzleInvalid", text, **keys)


def changed(**changes):
    return write_solution(dataclasses.replace(solved(8192), **changes))


def table():
    rows = [{"arguments": [size, work], "value": bits_for(size, work)} for size in SIZES for work in (1, 2, 3)]
    words = {"description": "bits a part by size and class of work", "expect": "ok", "operation": "bits"}
    return words | {"cases": rows}


def puzzle_cases():
    report: Solution = solved(8192)
    text = write_solution(report)
    first, second, *others = report.nonces
    data = unb64(text)
    return {
        "good": good("a report of 8 KiB, every nonce the smallest there is", 8192),
        "good_media": good("media of a megabyte: a bit more", 10**6, window=2**32 - 1, subject=bytes(16)),
        "good_bits": table(),
        "other_seed": bad("the seed of another window", text, seed=bytes(16)),
        "other_size": bad("solved for 8,192 bytes, declared 16,384", text, size=16384),
        "other_subject": bad("solved for another object", changed(subject=bytes(16))),
        "nonces_swapped": bad("the first two nonces changed places", changed(nonces=(second, first, *others))),
        "last_nonce_wrong": bad("one part of sixteen is not solved", changed(nonces=(*report.nonces[:-1], 1))),
        "bits_claimed": bad("more bits claimed than every part has", changed(bits=22)),
        "bits_below_base": bad("13 bits", changed(bits=13)),
        "bits_above_most": bad("27 bits", changed(bits=27)),
        "empty": bad("nothing", ""),
        "cut_off": bad("148 bytes", b64(data[:-1])),
        "trailing_byte": bad("150 bytes", b64(data + b"\0")),
        "unpadded": bad("base64 without its padding", text.rstrip("=")),
        "white_space": bad("a space before it", " " + text),
    }


def folders():
    """Folder -> name -> case."""
    return {"puzzle": puzzle_cases()}
