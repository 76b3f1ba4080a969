/**
 * Builds the witness's page: one HTML file a variant, everything inlined, the same bytes from the same sources.
 *
 *     node web/build.mjs                          dist/page.kk.html, page.ru.html, page.en.html, page.all.html
 *     node web/build.mjs --only ru --out FOLDER   one language alone, to weigh it
 *
 * Prints one JSON object: sizes in bytes, raw and as brotli 11. Exit code 1 when a source is broken.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { build, transform } from "esbuild";
import { formTexts } from "./src/page/forms.ts";
import { renderPage } from "./src/page/static/page.ts";
import { packWords } from "./src/page/words.ts";

const WEB = import.meta.dirname;
const LANGUAGES = ["kk", "ru", "en"];
const FORMS = path.join(WEB, "..", "intake", "wire", "forms.json");

const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));
const cspHash = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
const brotliSize = (text) =>
  brotliCompressSync(text, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 },
  }).length;

/** Joins the string files into name -> one text a language; throws when a language lacks a name. */
function wordTable(languages, forms) {
  const files = languages.map((language) => readJson(path.join(WEB, "src", "strings", `${language}.json`)));
  const texts = {};
  for (const key of Object.keys(files[0])) {
    texts[key] = files.map((file, index) => {
      if (typeof file[key] !== "string") throw new Error(`strings/${languages[index]}.json lacks ${key}`);
      return file[key];
    });
  }
  return { languages, texts: { ...texts, ...formTexts(forms, languages) } };
}

const OWN_MESSAGE = /((?:throw new \w+|new (?:Later|NoAnswer)|\brefuse)\(\s*|\bfail\(where, )"[^"\n]*"/g;

/** Empties the messages of our own errors: the page never shows them, and they weigh nearly a KB. */
const withoutMessages = {
  name: "without-messages",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path: file }) => ({
      contents: readFileSync(file, "utf8").replace(OWN_MESSAGE, '$1""'),
      loader: "ts",
    }));
  },
};

/** Bundles the script with every word in it; the result has no source map, no path and no time. */
async function bundle(table) {
  const { outputFiles } = await build({
    absWorkingDir: WEB,
    entryPoints: ["src/page/main.ts"],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2020",
    charset: "utf8",
    legalComments: "none",
    plugins: [withoutMessages],
    define: { INTAKE_WORDS: JSON.stringify(packWords(table)) },
  });
  return outputFiles[0].text.trim();
}

async function stylesheet() {
  const css = readFileSync(path.join(WEB, "src", "styles.css"), "utf8");
  return (await transform(css, { loader: "css", minify: true, target: "es2020" })).code.trim();
}

const { values } = parseArgs({ options: { only: { type: "string" }, out: { type: "string" } } });
const languages = values.only === undefined ? LANGUAGES : [values.only];
if (!languages.every((language) => LANGUAGES.includes(language)))
  throw new Error("--only takes kk, ru or en");

const out = path.resolve(values.out ?? path.join(WEB, "dist"));
const forms = readJson(FORMS);
const table = wordTable(languages, forms);
const script = await bundle(table);
const style = await stylesheet();
const assets = { script, style, scriptHash: cspHash(script), styleHash: cspHash(style) };
const variants = values.only === undefined ? [...languages, "all"] : languages;

mkdirSync(out, { recursive: true });
const sizes = {};
for (const variant of variants) {
  const page = renderPage({ table, shown: variant === "all" ? null : variant }, forms, assets);
  writeFileSync(path.join(out, `page.${variant}.html`), page);
  sizes[variant] = { bytes: Buffer.byteLength(page), brotli: brotliSize(page) };
}
const weights = { pages: sizes, script: { bytes: Buffer.byteLength(script), brotli: brotliSize(script) } };
process.stdout.write(`${JSON.stringify(weights)}\n`);
