/** Sealing where everything that came after Chrome 86, Firefox 78 and Safari 14 is missing. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { ascii } from "../../src/age/bytes.ts";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import { open } from "../../src/age/open.ts";
import { seeds } from "../age/material.ts";

const WEB = fileURLToPath(new URL("../..", import.meta.url));
const POLYFILL = 'import "./src/page/oldengines.ts";\n';
const ENTRY = `
import { verifyManifest } from "./src/wire/manifest.ts";
import { browserRandom, seal } from "./src/age/seal.ts";
globalThis.page = { verifyManifest, seal: (recipient, plain) => seal([recipient], plain, browserRandom) };
`;
/** Functions younger than the oldest browsers; constructor and prototype are those of the page's own world. */
const TOO_NEW = `
delete Object.hasOwn; delete Object.groupBy; delete Promise.any; delete Promise.withResolvers;
delete globalThis.structuredClone; delete globalThis.WeakRef; delete globalThis.Iterator;
for (const kind of [Array, String, Object.getPrototypeOf(Uint8Array)]) delete kind.prototype.at;
for (const kind of [Array, Object.getPrototypeOf(Uint8Array)])
  for (const name of ["findLast", "findLastIndex", "toReversed", "toSorted", "with"]) delete kind.prototype[name];
for (const name of ["replaceAll", "isWellFormed", "toWellFormed"]) delete String.prototype[name];
for (const name of ["fromHex", "fromBase64"]) delete Uint8Array[name];
for (const name of ["toHex", "toBase64", "setFromHex", "setFromBase64"]) delete Uint8Array.prototype[name];
`;
const identity = new HybridIdentity(seeds(1)[0] ?? assert.fail());

async function bundled(entry: string): Promise<string> {
  const options = { bundle: true, format: "iife", target: "es2020", write: false } as const;
  const { outputFiles } = await build({ stdin: { contents: entry, resolveDir: WEB }, ...options });
  return outputFiles[0]?.text ?? "";
}

interface Page {
  readonly seal: (recipient: Uint8Array, plain: Uint8Array) => Uint8Array;
}

/** Runs a script in a world of its own, without what is too new. */
function oldEngine(script: string): Page {
  const world = createContext({ TextEncoder, TextDecoder, crypto, btoa, atob });
  runInContext(TOO_NEW, world);
  return runInContext(`${script}; globalThis.page`, world);
}

test("old_engine_with_the_polyfill_seals_what_we_open", async () => {
  const page = oldEngine(await bundled(POLYFILL + ENTRY));
  const sealed = page.seal(identity.recipient(), ascii("words"));
  assert.deepEqual(open(Uint8Array.from(sealed), [identity]), ascii("words"));
});

test("old_engine_without_the_polyfill_does_not_even_start", async () => {
  const script = await bundled(ENTRY);
  assert.throws(() => oldEngine(script), /hasOwn is not a function/);
});

test("page_imports_the_polyfill_before_anything_else", () => {
  const main = readFileSync(`${WEB}/src/page/main.ts`, "utf8");
  assert.equal(/^import .*$/m.exec(main)?.[0], 'import "./oldengines.ts";');
});
