/**
 * A small server of SPEC.md section 7 on a real socket, which does to requests what bad networks and broken or
 * hostile servers do.
 */

import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to a request instead of an honest answer. */
export type Fault =
  | "drop" // the connection closes before anything is done
  | "lose" // everything is done, the answer is lost
  | "cut" // half of the body arrives, then the connection closes
  | "corrupt" // it is kept with one bit changed
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

/** Chooses what happens to a request; `line` is "POST /reports", ids left out. */
export type Plan = (line: string, count: number) => Fault | undefined;

interface Upload {
  readonly size: number;
  readonly epoch: number;
  data: Buffer;
}

/** A problem as the real server names it. */
export function problem(
  name: string,
  status: number,
  headers: Record<string, string> = {},
  more: object = {},
): Fault {
  const body = JSON.stringify({ type: `urn:intake:problem:${name}`, title: "A sentence.", status, ...more });
  return { status, headers: { "Content-Type": "application/problem+json", ...headers }, body };
}

function digest(data: Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}

function flipped(data: Buffer): Buffer {
  const changed = Buffer.from(data);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}

/** The server; `objects` is what it stored. */
export class TestIntake {
  url = "";
  /** Object id -> sealed bytes; uploads under their own number. */
  readonly objects = new Map<string, Buffer>();
  readonly epochs: number[] = [];
  /** Every request as "METHOD /path", in order, ids left out. */
  readonly lines: string[] = [];
  readonly headers: IncomingMessage["headers"][] = [];
  /** Bytes of PATCH bodies received. */
  received = 0;
  plan: Plan = () => undefined;
  /** Holds a request that has arrived whole until it resolves; `line` and `count` as for a plan. */
  gate: (line: string, count: number) => Promise<void> | undefined = () => undefined;
  /** Signs the receipt of an object: its id, bytes, kind and epoch label; null gives none. */
  sign: (id: string, sealed: Buffer, kind: number, epoch: number) => string | null = () => null;
  private readonly uploads = new Map<string, Upload>();
  private readonly server = createServer((request, response) => this.handle(request, response));

  /** Listens on a free port, or on the one it had before. */
  async listen(): Promise<this> {
    const port = this.url === "" ? 0 : Number(new URL(this.url).port);
    await new Promise<void>((resolve) => {
      this.server.listen(port, "127.0.0.1", resolve);
    });
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  /** Forgets unfinished uploads, as a server does after days. */
  expire(): void {
    this.uploads.clear();
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const line = `${request.method} ${request.url?.replace(/[0-9a-f]{32}/, "*")}`;
    this.lines.push(line);
    this.headers.push(request.headers);
    const count = this.lines.filter((one) => one === line).length;
    const fault = this.plan(line, count);
    const parts: Buffer[] = [];
    const act = () => this.act(request, Buffer.concat(parts), response, fault);
    const announced = Number(request.headers["content-length"] ?? 0);
    request.on("data", (part: Buffer) => {
      parts.push(part);
      if (fault !== "cut" || Buffer.concat(parts).length < announced / 2) return;
      this.act(request, Buffer.concat(parts).subarray(0, announced / 2), response, "lose");
      request.destroy();
    });
    request.on("end", async () => {
      await this.gate(line, count);
      act();
    });
    request.on("error", () => undefined);
  }

  private act(
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    fault: Fault | undefined,
  ): void {
    if (typeof fault === "object") {
      response.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    if (fault !== "drop")
      this.answer(request, fault === "corrupt" ? flipped(body) : body, response, fault === "lose");
    if (fault === "drop" || fault === "lose") response.destroy();
  }

  private answer(request: IncomingMessage, body: Buffer, response: ServerResponse, isLost: boolean): void {
    const [, room, id] = (request.url ?? "").split("/");
    const answer = room === "reports" ? this.report(body) : this.tus(request, id, body);
    if (!isLost) response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  private report(body: Buffer): Exclude<Fault, string> {
    if (body.length < 52 + 8192) return { status: 400 };
    const [id, sealed] = [body.subarray(0, 16).toString("hex"), body.subarray(52)];
    this.epochs.push(body.readUInt32BE(16));
    this.objects.set(id, sealed);
    const receipt = this.sign(id, sealed, 1, body.readUInt32BE(16)) ?? undefined;
    return { status: 200, body: JSON.stringify({ id, sha256: digest(sealed).toString("hex"), receipt }) };
  }

  private tus(request: IncomingMessage, id: string | undefined, body: Buffer): Exclude<Fault, string> {
    if (request.method === "POST") return this.create(request);
    const upload = this.uploads.get(id ?? "");
    if (upload === undefined) return problem("not-found", 404) as Exclude<Fault, string>;
    if (request.method === "PATCH") {
      const wrong = Number(request.headers["upload-offset"]) !== upload.data.length;
      if (wrong) return problem("offset-mismatch", 409) as Exclude<Fault, string>;
      this.received += body.length;
      upload.data = Buffer.concat([upload.data, body]);
      if (upload.data.length === upload.size) this.objects.set(id ?? "", upload.data);
    }
    const done = upload.data.length === upload.size;
    const whole = done ? { "Repr-Digest": `sha-256=:${digest(upload.data).toString("base64")}:` } : {};
    const receipt = done ? this.sign(id ?? "", upload.data, 2, upload.epoch) : null;
    const signed = receipt === null ? {} : { "Intake-Receipt": receipt };
    const headers = { "Upload-Offset": String(upload.data.length), ...whole, ...signed };
    return { status: request.method === "HEAD" ? 200 : 204, headers: headers as Record<string, string> };
  }

  private create(request: IncomingMessage): Exclude<Fault, string> {
    const id = randomBytes(16).toString("hex");
    const epoch = Number(request.headers["intake-epoch"]);
    this.epochs.push(epoch);
    this.uploads.set(id, { size: Number(request.headers["upload-length"]), epoch, data: Buffer.alloc(0) });
    return { status: 201, headers: { Location: `/uploads/${id}` } };
  }
}
