/**
 * The textual age v1 header: strict parser, canonical writer, MAC (C2SP age.md, "Header").
 */

import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { AGE_VERSION_LINE } from "../generated/constants.ts";
import { ascii, type Bytes, concat, decodeBase64, encodeBase64, equal, wipe } from "./bytes.ts";
import { HeaderError, MacError } from "./errors.ts";

/** Longest header in bytes that is looked at; three hybrid stanzas take 4,741. */
export const HEADER_LIMIT = 8192;

const MAC_SIZE = 32;
const COLUMNS = 64;
const STANZA_MARK = "-> ";
const END_MARK = "---";

/** One recipient stanza: the file key wrapped for one recipient. */
export interface Stanza {
  /** One or more arguments of visible ASCII; the first names the type. */
  readonly args: readonly string[];
  /** The decoded body, any size. */
  readonly body: Bytes;
}

/** A parsed header whose MAC is not yet checked: call {@link checkMac} before trusting it. */
export interface UntrustedHeader {
  readonly stanzas: readonly Stanza[];
  /** The 32-byte MAC the file carries. */
  readonly mac: Bytes;
  /** The bytes the MAC covers: from the first up to and including `---`. */
  readonly covered: Bytes;
  /** Size of the whole header in bytes; the payload starts here. */
  readonly size: number;
}

/** Hands out one line at a time, refusing anything but visible ASCII, spaces and LF. */
class Lines {
  at = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes.subarray(0, HEADER_LIMIT);
  }

  next(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new HeaderError("the header does not end");
    const line = String.fromCharCode(...this.bytes.subarray(this.at, end));
    if (!/^[ -~]*$/.test(line)) throw new HeaderError("the header has a byte that is not visible ASCII");
    this.at = end + 1;
    return line;
  }
}

function parseBody(lines: Lines): Bytes {
  let text = "";
  let line: string;
  do {
    line = lines.next();
    if (line.length > COLUMNS) throw new HeaderError("a stanza line is too long");
    text += line;
  } while (line.length === COLUMNS);
  const body = decodeBase64(text);
  if (body === null) throw new HeaderError("a stanza body is not canonical base64");
  return body;
}

function parseStanza(line: string, lines: Lines): Stanza {
  const args = line.slice(STANZA_MARK.length).split(" ");
  if (args.includes("")) throw new HeaderError("a stanza has an empty argument");
  return { args, body: parseBody(lines) };
}

function parseMac(line: string): Bytes {
  const mac = line.startsWith(`${END_MARK} `) ? decodeBase64(line.slice(END_MARK.length + 1)) : null;
  if (mac?.length !== MAC_SIZE) throw new HeaderError("the last header line is malformed");
  return mac;
}

/**
 * Parses the header at the start of an age file; at most {@link HEADER_LIMIT} bytes are read.
 *
 * @throws HeaderError unless every byte is as the ABNF of age.md demands, in its canonical form.
 */
export function parseHeader(file: Uint8Array): UntrustedHeader {
  const lines = new Lines(file);
  if (`${lines.next()}\n` !== AGE_VERSION_LINE) throw new HeaderError("not an age v1 file");
  const stanzas: Stanza[] = [];
  let start = lines.at;
  let line = lines.next();
  while (line.startsWith(STANZA_MARK)) {
    stanzas.push(parseStanza(line, lines));
    start = lines.at;
    line = lines.next();
  }
  const mac = parseMac(line);
  if (stanzas.length === 0) throw new HeaderError("the header has no stanza");
  return { stanzas, mac, covered: file.slice(0, start + END_MARK.length), size: lines.at };
}

function stanzaText({ args, body }: Stanza): string {
  return `${STANZA_MARK}${args.join(" ")}\n${encodeBase64(body).replace(/.{64}/g, "$&\n")}\n`;
}

/** Writes the header for a 16-byte file key: version line, the stanzas in this order, the MAC. */
export function writeHeader(stanzas: readonly Stanza[], fileKey: Uint8Array): Bytes {
  const covered = ascii(`${AGE_VERSION_LINE}${stanzas.map(stanzaText).join("")}${END_MARK}`);
  return concat(covered, ascii(` ${encodeBase64(headerMac(fileKey, covered))}\n`));
}

function headerMac(fileKey: Uint8Array, covered: Uint8Array): Bytes {
  const key = hkdf(sha256, fileKey, undefined, ascii("header"), 32);
  const mac = hmac(sha256, key, covered);
  wipe(key);
  return mac;
}

/**
 * Checks that whoever knows the file key wrote this header.
 *
 * @throws MacError if not.
 */
export function checkMac(header: UntrustedHeader, fileKey: Uint8Array): void {
  if (!equal(headerMac(fileKey, header.covered), header.mac)) {
    throw new MacError("the header was changed after sealing");
  }
}
