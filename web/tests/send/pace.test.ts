/** How large pieces are, and how long they may take. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../src/send/uploads.ts";

const KIB = 1024;

test("pieces grow while they are quick, shrink when they are slow or lost, and stay within bounds", () => {
  const pace = new Pace();
  for (let i = 0; i < 20; i++) pace.learn(100, pace.step);
  assert.equal(pace.step, 8 * KIB * KIB);
  for (let i = 0; i < 20; i++) pace.learn(Number.POSITIVE_INFINITY);
  assert.equal(pace.step, 64 * KIB);
  pace.learn(8000, pace.step);
  assert.equal(pace.step, 64 * KIB);
});

test("patience is the usual one until a piece has arrived, and doubles with each loss after that", () => {
  const pace = new Pace();
  assert.equal(pace.patience(256 * KIB), undefined);
  pace.learn(Number.POSITIVE_INFINITY);
  assert.equal(pace.patience(256 * KIB), undefined);
  pace.learn(3200, 256 * KIB);
  assert.equal(pace.patience(256 * KIB), 15_000 + 4 * 3200);
  pace.learn(Number.POSITIVE_INFINITY);
  pace.lose();
  assert.equal(pace.patience(256 * KIB), 4 * (15_000 + 4 * 3200));
  pace.learn(3200, 128 * KIB);
  assert.equal(pace.patience(0), 15_000);
});
