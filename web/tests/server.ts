/** A listening server for the tests: real sockets, and whatever a test lets it answer. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Bytes, concat } from "../src/wire/bytes.ts";

/** Answers one request whose body was read whole. */
export type Handle = (request: IncomingMessage, body: Bytes, response: ServerResponse) => void;

/** A server on loopback. */
export interface Listening {
  readonly url: string;
  close(): void;
}

async function whole(request: IncomingMessage): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part);
  return concat(...parts);
}

/** Starts a server that hands every request to `handle`. */
export async function listen(handle: Handle): Promise<Listening> {
  const server: Server = createServer((request, response) => {
    whole(request).then(
      (body) => handle(request, body, response),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}
