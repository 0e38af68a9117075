/** Owns where the files are that these tests are about, and what a page says in its blocks of code. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Returns the path of a file or folder of the clone. */
export function pathOf(relative: string): string {
  return fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
}

export function read(relative: string): string {
  return readFileSync(pathOf(relative), "utf8");
}

/** Returns the blocks of code of a page in one of these languages, in order. */
export function blocks(page: string, ...languages: string[]): string[] {
  const all = [...read(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return all.filter(([, language]) => languages.includes(language ?? "")).map(([, , code]) => code ?? "");
}

/** Returns the block whose first line is the comment `// name`. */
export function block(page: string, name: string): string {
  const found = blocks(page, "ts", "tsx", "js").filter((code) => code.startsWith(`// ${name}\n`));
  if (found.length !== 1) throw new Error(`${page} has ${found.length} blocks ${name}`);
  return found[0] as string;
}
