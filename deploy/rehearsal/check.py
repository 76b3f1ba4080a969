"""The whole round trip by itself: 12 sample reports through a real browser, opened, answered, read back.

Every byte of every file and every word of every field and answer is compared; the first difference stops it.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.rehearsal.machines import Machines
from deploy.rehearsal.media import photo, sha256, video
from deploy.rehearsal.phone import Phone, Wire, browser

SAMPLES = Path(__file__).resolve().parents[1] / "samples.json"


class Differs(Exception):
    """What came out is not what went in."""


@dataclass
class Sent:
    """A sample that was sent: what it holds, its files' hashes, its return code."""

    sample: dict[str, object]
    hashes: list[str]
    code: str
    number: str = ""


@dataclass
class Check:
    """One run of the check; `seconds` holds the time of each stage, `wire` the bytes of all phones."""

    machines: Machines
    say: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    wire: Wire = field(default_factory=Wire)
    media_bytes: int = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage and say what it is."""
        self.say(name)
        start = time.monotonic()
        yield
        self.seconds[name.split(":")[0].replace(" ", "_")] = round(time.monotonic() - start, 2)

    def run(self) -> dict[str, object]:
        """Do the round trip; return the figures. Raises Differs, StepFailed or a browser's time-out."""
        samples = json.loads(SAMPLES.read_text("utf-8"))
        with self.stage("media: make two photos and a 20 MB video"):
            files = [self._files(i, sample) for i, sample in enumerate(samples)]
        with self.machines.serving():
            with self.stage("send: 12 reports through the browser, words first, then media"):
                sent = [self._send(i, s, f) for i, (s, f) in enumerate(zip(samples, files, strict=True))]
            with self.stage("carry: export a bundle, import it on the laptop"):
                bundle = self.machines.carry_to_laptop()
            with self.stage("open: compare every field and every file"):
                self._compare(sent)
            with self.stage("answer: write, seal, carry back, apply"):
                self._answer(sent)
            with self.stage("read: answers in the browser, by return code"):
                self._read(sent)
        return self._figures(sent, bundle)

    def _files(self, index: int, sample: dict[str, object]) -> list[Path]:
        folder = self.machines.root / "camera"
        folder.mkdir(exist_ok=True)
        files = []
        if sample.get("photo"):
            files.append(photo(folder / f"{index}.jpg", index, "rehearsal camera"))
        if sample.get("video"):
            files.append(video(folder / f"{index}.mp4", index))
        self.media_bytes += sum(f.stat().st_size for f in files)
        return files

    @contextmanager
    def _phone(self, name: str, language: str) -> Iterator[Phone]:
        profile = self.machines.root / "profiles" / name
        with browser(profile, language) as context:
            phone = Phone(context.pages[0], self.machines.url + "/")
            yield phone
            self.wire.sent += phone.wire.sent
            self.wire.received += phone.wire.received
            self.wire.requests += phone.wire.requests

    def _send(self, index: int, sample: dict[str, object], files: list[Path]) -> Sent:
        self.say(f"  {index + 1}: {sample['form']}, {sample['lang']}" + (f", {len(files)} file" if files else ""))
        answers = sample["answers"]
        if not isinstance(answers, dict):
            raise Differs("a sample has no answers")
        with self._phone(f"send-{index}", str(sample["lang"])) as phone:
            code = phone.report(str(sample["form"]), answers, files)
        return Sent(sample, [sha256(f) for f in files], code)

    def _compare(self, sent: list[Sent]) -> None:
        listed = self.machines.reports()
        if len(listed) != len(sent):
            raise Differs(f"{len(listed)} reports on the laptop, {len(sent)} were sent")
        for one in sent:
            match = next((r for r in listed if r["answers"] == one.sample["answers"]), None)
            if match is None:
                raise Differs(f"no report on the laptop reads as {one.sample['form']}, {one.sample['lang']} did")
            if (match["form"], match["lang"]) != (one.sample["form"], one.sample["lang"]):
                raise Differs("a report changed its form or language")
            if match["state"] != "complete":
                raise Differs(f"report {match['number']} is {match['state']}")
            one.number = str(match["number"])
            self._compare_files(one)

    def _compare_files(self, one: Sent) -> None:
        if not one.hashes:
            return
        folder = self.machines.root / "opened" / one.number
        self.machines.reviewer("media", one.number, "--out", str(folder))
        found = sorted(sha256(f) for f in folder.iterdir() if f.is_file())
        if found != sorted(one.hashes):
            raise Differs(f"the files of report {one.number} are not the ones sent")

    def _answer(self, sent: list[Sent]) -> None:
        for one in sent:
            self.machines.reviewer("reply", one.number, stdin=str(one.sample["answer"]))
        self.machines.carry_back()

    def _read(self, sent: list[Sent]) -> None:
        for index, one in enumerate(sent):
            with self._phone(f"read-{index}", str(one.sample["lang"])) as phone:
                answers = phone.read_answers(one.code)
            if answers != {1: one.sample["answer"]}:
                raise Differs(f"the answer to report {one.number} reads otherwise")

    def _figures(self, sent: list[Sent], bundle: Path) -> dict[str, object]:
        return {
            "reports": len(sent),
            "files": sum(len(s.hashes) for s in sent),
            "answers": len(sent),
            "media_bytes": self.media_bytes,
            "wire_sent_bytes": self.wire.sent,
            "wire_received_bytes": self.wire.received,
            "wire_requests": self.wire.requests,
            "bundle_bytes": sum(f.stat().st_size for f in bundle.rglob("*") if f.is_file()),
            "seconds": self.seconds,
            "ok": True,
        }
