/** Sending over real sockets to a server that loses, delays, damages and refuses. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as delayed } from "node:timers/promises";
import { browserRandom } from "../../src/age/seal.ts";
import { delay, Naps } from "../../src/outbox/naps.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { sealAddition } from "../../src/seal/report.ts";
import { bytesOf } from "../age/material.ts";
import { type Fault, type Plan, problem, TestIntake } from "./intake.ts";
import { assertWhole, content, file, following, MANIFEST, report, ShortRest } from "./material.ts";

const running: TestIntake[] = [];
after(async () => {
  for (const intake of running) await intake.close();
});

async function intake(plan: Plan = () => undefined): Promise<TestIntake> {
  const made = await new TestIntake().listen();
  made.plan = plan;
  running.push(made);
  return made;
}

/** The first `faults` to a line, then honesty. */
const first =
  (wanted: string, ...faults: Fault[]): Plan =>
  (line, count) =>
    line === wanted ? faults[count - 1] : undefined;

const PIECE = 4 * 65_552;

test("words go out in one POST that says nothing but the envelope, and leave nothing behind", async () => {
  const server = await intake();
  const { outbox, drain, states } = following();
  await outbox.enqueue(report());
  assert.equal(await outbox.pending(), 1);
  await drain(server.url);
  assert.deepEqual(server.lines, ["POST /reports"]);
  assert.deepEqual(server.epochs, [12]);
  const [headers] = server.headers;
  for (const name of ["content-type", "cookie", "referer", "authorization", "origin"])
    assert.equal(headers?.[name], undefined);
  assert.deepEqual(states("section"), ["sending", "stored"]);
  assert.deepEqual([await outbox.pending(), await outbox.status(), outbox.volatile], [0, [], true]);
  assertWhole(server);
});

test("words go before files and the closing last; files arrive byte for byte", async () => {
  const server = await intake();
  const { outbox, drain } = following();
  const sizes = [10, PIECE, 1_500_000];
  await outbox.enqueue(report(...sizes.map(file)));
  await drain(server.url);
  assertWhole(server, ...sizes.map((size) => content(size)));
  assert.deepEqual([server.lines[0], server.lines.at(-1)], ["POST /reports", "POST /reports"]);
  assert.equal(server.lines.filter((line) => line === "POST /reports").length, 2);
  assert.ok(server.epochs.every((epoch) => epoch === 12));
});

test("words are sent while files are still being sealed, and one drain sends all", async () => {
  const server = await intake();
  const { outbox, drain } = following();
  const queued = outbox.enqueue(report(file(2_000_000)));
  const drained = drain(server.url);
  await queued;
  assert.equal(drain(server.url), drained);
  await drained;
  assertWhole(server, content(2_000_000));
});

test("a lost answer is asked for again and stores nothing twice", async () => {
  const server = await intake(first("POST /reports", "lose", "lose", "drop"));
  const { outbox, drain, states } = following();
  await outbox.enqueue(report());
  await drain(server.url);
  assert.equal(server.lines.length, 4);
  assertWhole(server);
  assert.deepEqual(states("section").at(-1), "stored");
});

test("errors of the server and strangers' pages are no answer, and never a refusal", async () => {
  const html = { "Content-Type": "text/html" };
  const faults: Fault[] = [
    { status: 500 },
    { status: 503, headers: { "Retry-After": "7" } },
    { status: 200, headers: html, body: "<p>Please log in" },
    { status: 302, headers: { Location: "http://127.0.0.1:1/login" } },
    { status: 403, headers: html, body: "<p>Blocked" },
    { status: 404 },
    problem("no-space", 507),
    problem("digest-mismatch", 400),
    { status: 200, body: "x".repeat(100_000) },
  ];
  const server = await intake(first("POST /reports", ...faults));
  const rest = new ShortRest();
  const { outbox, drain, states } = following(new Outbox(null, rest));
  await outbox.enqueue(report());
  await drain(server.url);
  assert.equal(server.lines.length, faults.length + 1);
  assert.ok(!states("section").includes("refused"));
  assert.ok((rest.asked[1] ?? 0) >= 7000);
  assertWhole(server);
});

test("stored is not said while the server confirms other bytes", async () => {
  const wrong = { status: 200, body: JSON.stringify({ id: "0".repeat(32), sha256: "0".repeat(64) }) };
  const server = await intake(first("POST /reports", wrong, "corrupt", wrong));
  const { outbox, drain, states } = following();
  await outbox.enqueue(report());
  await drain(server.url);
  assert.deepEqual(
    states("section").filter((state) => state !== "sending"),
    ["waiting", "waiting", "waiting", "stored"],
  );
  assertWhole(server);
});

test("tries are 1 to 60 seconds apart, later ones further", async () => {
  for (let failures = 0; failures < 100; failures++) {
    for (const chance of [0, 0.5, 0.999]) {
      const wait = delay(failures, chance);
      assert.ok(wait >= 1000 && wait <= 60_000);
    }
  }
  assert.ok(delay(3, 0) > delay(0, 0.999));
});

test("a nap ends by itself or is ended, and one does not end another", async () => {
  const naps = new Naps();
  assert.equal(await naps.sleep(1), false);
  const long = naps.sleep(60_000);
  naps.wake();
  assert.equal(await long, true);
  const [early, late] = [naps.sleep(1), naps.sleep(60_000)];
  assert.equal(await early, false);
  naps.wake();
  assert.equal(await late, true);
});

test("what one server refuses is offered to the others, and refused when all did", async () => {
  const [left, right] = [await intake(() => problem("unknown-epoch", 400)), await intake()];
  const { outbox, drain } = following();
  await outbox.enqueue(report());
  await drain(left.url, right.url);
  assertWhole(right);
  right.plan = () => problem("too-large", 413);
  const again = following();
  await again.outbox.enqueue(report());
  await again.drain(left.url, right.url);
  assert.equal(again.states("section").at(-1), "refused");
  assert.equal(again.told.at(-1)?.problem, "too-large");
  assert.equal(await again.outbox.pending(), 1);
  assert.equal((await again.outbox.status())[0]?.problem, "too-large");
});

test("a destroyed epoch is final at once when the manifest says so too", async () => {
  const [left, right] = [await intake(() => problem("destroyed-epoch", 410)), await intake()];
  const { outbox, told } = following();
  await outbox.enqueue(report(file(10)));
  await outbox.drain(
    () => [left.url, right.url],
    (status) => told.push(status),
    (epoch) => epoch < 13,
  );
  assert.deepEqual(right.lines, []);
  assert.deepEqual(
    new Set(told.filter(({ state }) => state === "refused").map(({ problem: name }) => name)),
    new Set(["destroyed-epoch"]),
  );
  assert.ok(told.every(({ state }) => state !== "stored"));
});

test("one server that calls every epoch destroyed keeps no part from the others", async () => {
  const [hostile, honest] = [await intake(() => problem("destroyed-epoch", 410)), await intake()];
  const { outbox, drain, told } = following();
  await outbox.enqueue(report(file(10)));
  await drain(hostile.url, honest.url);
  assertWhole(honest, content(10));
  assert.ok(told.every(({ state }) => state !== "refused"));
});

test("an upload that is cut goes on from what the server has", async () => {
  const cuts = Array.from({ length: 6 }, (): Fault => "cut");
  const server = await intake(first("PATCH /uploads/*", ...cuts, "lose", "drop"));
  const { outbox, drain, told } = following();
  await outbox.enqueue(report(file(2_500_000)));
  await drain(server.url);
  const sent = told.filter(({ kind }) => kind === "media").map((one) => one.sent);
  assert.ok(sent.some((bytes) => bytes > 0 && bytes % PIECE !== 0));
  assertWhole(server, content(2_500_000));
  const [media] = Array.from(server.objects.values()).filter(({ length }) => length > 65_536);
  assert.equal(server.received, media?.length);
  assert.equal(server.lines.filter((line) => line === "POST /uploads").length, 1);
});

test("an offset that is not where the phone thinks is asked for", async () => {
  const server = await intake(
    first("PATCH /uploads/*", problem("offset-mismatch", 409), problem("upload-busy", 409)),
  );
  const { outbox, drain } = following();
  await outbox.enqueue(report(file(400_000)));
  await drain(server.url);
  assert.equal(server.lines.filter((line) => line === "HEAD /uploads/*").length, 2);
  assertWhole(server, content(400_000));
});

test("an upload that the server forgot is begun anew", async () => {
  const server = await intake();
  server.plan = (line, count) => {
    if (line !== "PATCH /uploads/*" || count !== 2) return undefined;
    server.expire();
    return "drop";
  };
  const { outbox, drain } = following();
  await outbox.enqueue(report(file(3_000_000)));
  await drain(server.url);
  assert.equal(server.lines.filter((line) => line === "POST /uploads").length, 2);
  assertWhole(server, content(3_000_000));
});

test("a server that ends up with other bytes gets them again, and is not believed meanwhile", async () => {
  const server = await intake(first("PATCH /uploads/*", "corrupt"));
  const { outbox, drain, states } = following();
  await outbox.enqueue(report(file(100_000)));
  await drain(server.url);
  assert.equal(server.lines.filter((line) => line === "POST /uploads").length, 2);
  assert.deepEqual(states("media").filter((state) => state === "stored").length, 1);
  const sent = Array.from(server.objects.values()).filter(({ length }) => length > 65_536);
  assert.equal(sent.length, 2);
});

test("a digest that is missing on completion is asked for", async () => {
  const server = await intake(first("PATCH /uploads/*", "lose"));
  const { outbox, drain } = following();
  await outbox.enqueue(report(file(100_000)));
  await drain(server.url);
  assert.deepEqual(server.lines.slice(1, 4), ["POST /uploads", "PATCH /uploads/*", "HEAD /uploads/*"]);
  assertWhole(server, content(100_000));
});

test("an upload is never sent to an address that a server chooses", async () => {
  const elsewhere = await intake();
  const location = { status: 201, headers: { Location: `${elsewhere.url}/uploads/${"a".repeat(32)}` } };
  const server = await intake(first("POST /uploads", location));
  const { outbox, drain } = following();
  await outbox.enqueue(report(file(10)));
  await drain(server.url);
  assert.deepEqual(elsewhere.lines, []);
  assertWhole(server, content(10));
});

test("a dead server is left for the next, by words at once and by files after three tries", async () => {
  const [dead, server] = [await intake(), await intake()];
  await dead.close();
  const rest = new ShortRest();
  const { outbox, drain } = following(new Outbox(null, rest));
  await outbox.enqueue(report(file(10)));
  await drain(dead.url, server.url);
  assertWhole(server, content(10));
  assert.ok(rest.asked.length >= 5);
});

test("words that come while a file is being sent pass it by", async () => {
  const server = await intake();
  const { outbox, drain } = following();
  const sealer = report(file(4_000_000));
  await outbox.enqueue(sealer);
  const about = {
    handle: sealer.handle,
    form: "saw",
    lang: "kk",
    made: "",
    code: `${"0".repeat(30)}98`,
    epoch: "epoch",
  } as const;
  let added: Promise<string> | null = null;
  server.plan = (line, count) => {
    if (line === "PATCH /uploads/*" && count === 2)
      added = outbox.enqueueAddition(sealAddition(about, MANIFEST, browserRandom));
    return undefined;
  };
  await drain(server.url);
  await added;
  const words = server.lines.lastIndexOf("POST /reports", server.lines.length - 2);
  assert.ok(words > 2 && words < server.lines.lastIndexOf("PATCH /uploads/*"));
  assert.equal(server.objects.size, 4);
});

test("one part that a server keeps putting off does not hold up the others", async () => {
  let isStuck = true;
  const server = await intake((line) => (line === "POST /reports" && isStuck ? { status: 500 } : undefined));
  const { outbox, told } = following();
  await outbox.enqueue(report(file(10)));
  await outbox.drain(
    () => [server.url],
    (status) => {
      told.push(status);
      if (status.kind === "media" && status.state === "stored") isStuck = false;
    },
  );
  assertWhole(server, content(10));
});

test("a server without space for a file takes the rest of its report, and the file later", async () => {
  const full = problem("no-space", 507, { "Retry-After": "600" });
  const server = await intake(first("POST /uploads", full));
  const rest = new ShortRest();
  const { outbox, drain, states, told } = following(new Outbox(null, rest));
  await outbox.enqueue(report(file(10)));
  await drain(server.url);
  assert.deepEqual(server.lines, [
    "POST /reports",
    "POST /uploads",
    "POST /reports",
    "POST /uploads",
    "PATCH /uploads/*",
  ]);
  assert.deepEqual(states("media").slice(0, 3), ["sending", "waiting", "sending"]);
  assert.deepEqual(
    rest.asked.map((wait) => wait > 60_000),
    [false, true],
  );
  assert.deepEqual(new Set(told.map(({ hold }) => hold)), new Set([undefined, "server"]));
  assertWhole(server, content(10));
});

test("a file that was put off is tried at once when there is reason to hope", {
  timeout: 20_000,
}, async () => {
  const server = await intake(first("POST /uploads", problem("no-space", 507, { "Retry-After": "600" })));
  const naps = new Naps();
  const { outbox, drain, told } = following(new Outbox(null, naps));
  await outbox.enqueue(report(file(10)));
  const drained = drain(server.url);
  while (!told.some(({ kind, state }) => kind === "closing" && state === "stored")) await delayed(5);
  await delayed(50);
  naps.wake();
  await drained;
  assertWhole(server, content(10));
});

test("a try that failed says whether the line, the server or its disk is why", async () => {
  const faults: Fault[] = ["drop", { status: 500 }, problem("no-space", 507), problem("unavailable", 503)];
  const server = await intake(first("POST /reports", ...faults));
  const { outbox, drain, told } = following();
  await outbox.enqueue(report());
  await drain(server.url);
  const holds = told.filter(({ state }) => state === "waiting").map(({ hold }) => hold);
  assert.deepEqual(holds, ["line", "server", "server", "server"]);
  assert.ok(told.every(({ state, hold }) => state === "waiting" || hold === undefined));
});

for (let seed = 0; seed < 12; seed++) {
  test(`a report arrives whole whatever happens to its requests, run ${seed}`, async () => {
    const faults: (Fault | undefined)[] = [
      "drop",
      "lose",
      "cut",
      { status: 500 },
      { status: 200 },
      undefined,
      undefined,
    ];
    let left = 40;
    const chance = bytesOf(`run ${seed}`, 4096);
    const server = await intake(() => (left-- > 0 ? faults[(chance[left] ?? 0) % faults.length] : undefined));
    const { outbox, drain, told } = following();
    const sizes = [seed * 40_000, 300_000 + seed];
    await outbox.enqueue(report(...sizes.map(file)));
    await drain(server.url);
    assertWhole(server, ...sizes.map((size) => content(size)));
    assert.equal(told.filter(({ state }) => state === "stored").length, 4);
    assert.deepEqual(await outbox.status(), []);
  });
}
