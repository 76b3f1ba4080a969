/**
 * Prints the length of every function in a set of TypeScript files, as the compiler's own parser sees them.
 *
 * Usage: node shape.ts TSCONFIG FILE..., all absolute; the configuration names the files to parse. Prints one
 * JSON array of { file, lines, functions: [{ name, line, lines }] }. Counted are declarations, methods,
 * accessors, constructors, function expressions and arrow functions with a block; an arrow that is one
 * expression counts as none, like a lambda in Python.
 */
import { basename } from "node:path";
import type { Node, SourceFile } from "typescript/unstable/ast";
import { isArrowFunction, isBlock, isFunctionLikeDeclaration } from "typescript/unstable/ast/is";
import { API } from "typescript/unstable/sync";

interface FunctionShape {
  name: string;
  line: number;
  lines: number;
}

function lineOf(source: SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}

function shapeOf(node: Node, source: SourceFile): FunctionShape | undefined {
  if (!isFunctionLikeDeclaration(node) || node.body === undefined) return undefined;
  if (isArrowFunction(node) && !isBlock(node.body)) return undefined;
  const line = lineOf(source, node.getStart(source));
  const name = "name" in node && node.name !== undefined ? node.name.getText(source) : "(anonymous)";
  return { name, line, lines: lineOf(source, node.end) - line + 1 };
}

function functionsIn(source: SourceFile): FunctionShape[] {
  const found: FunctionShape[] = [];
  const visit = (node: Node): undefined => {
    const shape = shapeOf(node, source);
    if (shape !== undefined) found.push(shape);
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

function main(config: string, files: string[]): void {
  const api = new API({});
  const project = api.updateSnapshot({ openProject: config }).getProject(config);
  const shapes = files.map((file) => {
    const source = project?.program.getSourceFile(file);
    if (source === undefined) throw new Error(`${basename(file)} was not parsed`);
    const lines = source.text.split("\n").length - (source.text.endsWith("\n") ? 1 : 0);
    return { file, lines, functions: functionsIn(source) };
  });
  api.close();
  process.stdout.write(`${JSON.stringify(shapes)}\n`);
}

const [config, ...files] = process.argv.slice(2);
if (config === undefined) throw new Error("usage: node shape.ts TSCONFIG FILE...");
main(config, files);
