import assert from "node:assert/strict";
import { test } from "node:test";
import type { PartStatus } from "../../src/outbox/outbox.ts";
import { isStalled, latest, nameOf, reason, stateOf, summary } from "../../src/page/parts.ts";

function part(state: PartStatus["state"], rest: Partial<PartStatus> = {}): PartStatus {
  return { report: "r", part: "p", kind: "section", state, sent: 0, size: 8192, ...rest };
}

test("summary_is_stored_only_when_every_part_is", () => {
  assert.equal(summary([part("stored"), part("stored")], "done", true), "stored");
  assert.equal(summary([part("stored"), part("sending")], "done", true), "sending");
  assert.equal(summary([part("stored")], "running", true), "sending");
  assert.equal(summary([], "done", true), "sending");
});

test("summary_is_not_stored_while_a_file_was_not_sealed", () => {
  assert.equal(summary([part("stored"), part("stored")], "failed", true), "incomplete");
  assert.equal(summary([part("stored")], "failed", false), "incomplete");
  assert.equal(summary([part("stored"), part("waiting")], "failed", true), "sending");
});

test("summary_says_offline_only_while_something_waits", () => {
  assert.equal(summary([part("waiting")], "done", false), "offline");
  assert.equal(summary([part("stored")], "done", false), "stored");
});

test("summary_is_proving_only_while_nothing_is_sent_and_the_phone_is_online", () => {
  assert.equal(summary([part("proving"), part("waiting")], "done", true), "proving");
  assert.equal(summary([part("proving"), part("sending")], "done", true), "sending");
  assert.equal(summary([part("proving")], "done", false), "offline");
  assert.equal(summary([part("waiting"), part("stored")], "done", true), "sending");
});

test("summary_says_what_the_server_lacks_unless_something_goes_on", () => {
  const full = part("waiting", { hold: "server" });
  assert.equal(summary([part("stored"), full, part("waiting")], "done", true), "full");
  assert.equal(summary([part("stored"), full], "done", true), "full");
  assert.equal(summary([full, part("sending")], "done", true), "sending");
  assert.equal(summary([full, part("proving")], "done", true), "proving");
  assert.equal(summary([full], "done", false), "offline");
});

test("part_keeps_why_it_waited_until_some_of_it_arrives", () => {
  const tried = latest(part("waiting", { hold: "server" }), part("sending"));
  assert.equal(summary([tried], "done", true), "full");
  assert.equal(latest(tried, part("sending", { sent: 1 })).hold, undefined);
  assert.equal(latest(tried, part("stored")).hold, undefined);
  assert.equal(latest(undefined, part("sending")).hold, undefined);
});

test("connection_is_stalled_from_a_failed_line_to_the_next_answer", () => {
  const line = part("waiting", { hold: "line" });
  assert.equal(isStalled(false, part("sending"), line), true);
  assert.equal(isStalled(true, line, part("sending")), true);
  assert.equal(isStalled(true, part("waiting"), part("proving", { sent: 4096 })), true);
  assert.equal(isStalled(true, part("proving"), part("waiting")), true);
  assert.equal(isStalled(true, part("sending"), part("waiting")), false);
  assert.equal(isStalled(true, part("sending"), part("waiting", { hold: "server" })), false);
  assert.equal(isStalled(true, part("sending"), part("sending", { sent: 1 })), false);
  assert.equal(isStalled(true, part("sending"), part("stored")), false);
});

test("summary_names_a_refusal_before_anything_else", () => {
  assert.equal(summary([part("stored"), part("refused"), part("waiting")], "done", false), "refused");
});

test("state_gives_percent_only_while_sending", () => {
  assert.deepEqual(stateOf(part("waiting", { sent: 100 })), { key: "is_waiting", args: [] });
  assert.deepEqual(stateOf(part("proving", { sent: 4096 })), { key: "is_proving", args: [50] });
  assert.deepEqual(stateOf(part("sending", { sent: 4096 })), { key: "is_sending_at", args: [50] });
  assert.deepEqual(stateOf(part("sending", { sent: 0 })), { key: "is_sending", args: [] });
  assert.deepEqual(stateOf(part("sending", { sent: 8192 })), { key: "is_sending_at", args: [99] });
  assert.deepEqual(stateOf(part("stored", { sent: 8192 })), { key: "is_stored", args: [] });
});

test("reason_keeps_the_name_of_a_problem_it_has_no_words_for", () => {
  assert.deepEqual(reason("too-large"), { key: "why_too_large", args: [] });
  assert.deepEqual(reason("stanza-count"), { key: "why_other", args: ["stanza-count"] });
  assert.deepEqual(reason(undefined), { key: "why_other", args: ["?"] });
});

test("name_counts_files_from_one", () => {
  const first = part("stored", { kind: "media", part: "a" });
  const second = part("stored", { kind: "media", part: "b" });
  assert.deepEqual(nameOf(second, [part("stored"), first, second]), { key: "kind_file", args: [2] });
});
