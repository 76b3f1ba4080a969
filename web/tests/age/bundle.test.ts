/** What the page would carry of this room: its weight, and nothing it must not carry. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";

const WEB = fileURLToPath(new URL("../..", import.meta.url));
const BROTLI_BUDGET = 26_500;
const ENTRY = `
import { ed25519 } from "@noble/curves/ed25519.js";
import { seal, sealer, browserRandom } from "./src/age/seal.ts";
import { open } from "./src/age/open.ts";
import { HybridIdentity } from "./src/age/hybrid.ts";
const verify = (signature, message, key) => ed25519.verify(signature, message, key, { zip215: false });
globalThis.used = { seal, sealer, browserRandom, open, HybridIdentity, verify };
`;

const bundled = await build({
  stdin: { contents: ENTRY, resolveDir: WEB },
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  legalComments: "none",
  metafile: true,
  write: false,
});
const code = bundled.outputFiles[0]?.text ?? "";

test("one noble tree and nothing else is bundled", () => {
  const inputs = Object.keys(bundled.metafile.inputs).filter((path) => path !== "<stdin>");
  const allowed = /^(src\/(age|generated)\/|node_modules\/@noble\/(ciphers|curves|hashes|post-quantum)\/)/;
  assert.deepEqual(
    inputs.filter((path) => !allowed.test(path) || path.lastIndexOf("node_modules") > 0),
    [],
  );
  assert.ok(inputs.length > 20);
});

test("no WebCrypto, WebAssembly, streams or eval is bundled", () => {
  for (const word of ["subtle", "WebAssembly", "TransformStream", "eval(", "Function("]) {
    assert.equal(code.includes(word), false, word);
  }
});

test("sealing, opening and verifying stay within their weight", (context) => {
  const brotli = brotliCompressSync(code).length;
  context.diagnostic(`age seal + open + ed25519 verify: ${code.length} bytes, ${brotli} brotli`);
  assert.ok(brotli <= BROTLI_BUDGET, `${brotli} bytes`);
});
