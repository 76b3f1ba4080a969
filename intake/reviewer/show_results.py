"""What the terminal shows of an import and of the vault's state; names from outside arrive here cleaned."""

from intake.reviewer.services.recording import ImportResult
from intake.reviewer.services.status import Status
from keys.ring import Keyring


def result_lines(result: ImportResult) -> list[str]:
    """Return what became of one bundle or of the loose files."""
    serial = f", serial {result.serial}" if result.bundle else ""
    lines = [f"{result.title}{serial}: {result.new} new, {result.known} known"]
    if result.unopened:
        lines.append(f"  {result.unopened} late or junk, cannot be told apart: set aside, kept as they came")
    if result.malformed:
        lines.append(f"  {result.malformed} opened and cannot be read: see reviewer list")
    findings = result.findings
    lines += [f"  quarantined, not acked: {object_id} ({reason})" for object_id, reason in findings.quarantined]
    lines += [f"  missing, not acked: {object_id}" for object_id in findings.missing]
    word = "refused" if result.asked else "left alone"
    lines += [f"  {word}: {name} ({reason})" for name, reason in findings.refused]
    lines += [f"  left alone: {name}" for name in result.unnamed]
    lines += [f"  warning: {words}" for words in result.warnings]
    lines += [f"  FORK, kept as proof: {words}" for words in result.forks]
    if not result.acked and result.new:
        lines.append("  no server is told of these: nothing of them is acked")
    return lines


def status_lines(status: Status, ring: Keyring) -> list[str]:
    """Return the vault's state, what waits, and what was wrong with what came."""
    epochs = ", ".join(str(each.number) for each in ring.epochs)
    return [
        f"laptop {ring.laptop}, deployment {ring.deployment[:16]}, epochs {epochs}",
        f"events {status.events}, every link and signature holds",
        f"reports {status.reports}, incomplete {status.incomplete}",
        f"objects {status.objects}, late or junk {status.unopened}, cannot be read {status.malformed}",
        f"to ack {status.to_ack}, answers to send {status.to_send}, outboxes not written {status.unwritten}",
        f"newest head of a log: {status.last_head or 'none'}",
        *(f"! {each}" for each in status.troubles),
    ]
