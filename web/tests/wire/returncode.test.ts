/** Return codes: every slip of the pen that the check digits are there for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { browserRandom } from "../../src/age/seal.ts";
import { CodeInvalid } from "../../src/wire/errors.ts";
import { deleteSignedBytes } from "../../src/wire/mailbox.ts";
import { verifies } from "../../src/wire/note.ts";
import { CodeKeys, formatCode, newCode, parseCode } from "../../src/wire/returncode.ts";
import { bytesOf } from "../age/material.ts";

const CODES = Array.from({ length: 20 }, () => newCode(browserRandom));

test("a new code is 32 digits in 8 groups and can be read as it is shown", () => {
  for (const code of CODES) {
    assert.match(code, /^[0-9]{32}$/);
    assert.match(formatCode(code), /^[0-9]{4}( [0-9]{4}){7}$/);
    assert.equal(parseCode(formatCode(code)), code);
  }
  assert.equal(new Set(CODES).size, CODES.length);
});

test("every single wrong digit is noticed", () => {
  for (const code of CODES) {
    for (let at = 0; at < code.length; at++) {
      for (const digit of "0123456789".replace(code[at] ?? "", "")) {
        assert.throws(() => parseCode(code.slice(0, at) + digit + code.slice(at + 1)), CodeInvalid);
      }
    }
  }
});

test("every swap of two different neighbours is noticed", () => {
  for (const code of CODES) {
    for (let at = 0; at + 1 < code.length; at++) {
      const [left, right] = [code[at], code[at + 1]];
      const swapped = `${code.slice(0, at)}${right}${left}${code.slice(at + 2)}`;
      if (left !== right) assert.throws(() => parseCode(swapped), CodeInvalid);
    }
  }
});

test("digits are drawn evenly: bytes from 250 on are drawn again", () => {
  const drawn = [Uint8Array.from({ length: 30 }, (_, i) => 240 + (i % 16)), bytesOf("more", 30)];
  let call = 0;
  const code = newCode(() => drawn[call++] ?? bytesOf(`draw ${call}`, 30));
  assert.ok(code.startsWith("01234567890123456789"));
  assert.ok(call >= 2);
});

test("a delete request is signed by the follow-up key and covers the four hashes", () => {
  const keys = new CodeKeys(CODES[0] ?? "");
  const hashes = [0, 1, 2, 3].map((i) => bytesOf(`slot ${i}`, 32));
  const body = keys.deleteRequest(hashes);
  assert.equal(body.length, 224);
  const message = deleteSignedBytes(keys.mailboxId, hashes);
  assert.ok(verifies(body.slice(0, 32), body.slice(32, 96), message));
  assert.ok(
    !verifies(body.slice(0, 32), body.slice(32, 96), deleteSignedBytes(keys.mailboxId, hashes.reverse())),
  );
});

test("dropped keys are zeros", () => {
  const keys = new CodeKeys(CODES[0] ?? "");
  keys.drop();
  assert.deepEqual(keys.slotKey, new Uint8Array(32));
});
