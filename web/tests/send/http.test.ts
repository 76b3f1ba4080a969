/** One request against servers that do not end their answers. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { NoAnswer, request } from "../../src/send/http.ts";

let server: Server;
after(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends pieces of an answer until the other side goes away. */
function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write("x".repeat(1024)), 1);
  response.on("close", () => clearInterval(timer));
}

test("an answer that does not end is hung up on, not only left unread", { timeout: 20_000 }, async () => {
  const hungUp = new Promise((resolve) => {
    server = createServer((_, response) => {
      response.on("close", resolve);
      drip(response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await assert.rejects(request(url, { method: "GET" }), NoAnswer);
  await hungUp;
});
