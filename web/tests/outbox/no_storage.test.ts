import assert from "node:assert/strict";
import { test } from "node:test";
import { openDisk } from "../../src/outbox/disk.ts";

test("disk_is_absent_where_the_browser_has_no_storage", async () => {
  assert.equal(await openDisk(), null);
});

test("disk_is_absent_where_looking_at_the_storage_throws", async () => {
  const get = () => {
    throw new DOMException("blocked", "SecurityError");
  };
  Object.defineProperty(globalThis, "indexedDB", { get, configurable: true });
  assert.equal(await openDisk(), null);
  Reflect.deleteProperty(globalThis, "indexedDB");
});
