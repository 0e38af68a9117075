/** Owns what a paste means: text, or files. */

interface Pasted {
  /** The clipboard's plain text. */
  readonly text: string;
  readonly files: readonly { readonly name: string }[];
}

/**
 * Returns whether a paste attaches its files. Word, Excel and browsers put a picture of a text beside the text: then the text is
 * meant. File managers put the names or addresses of files beside the files: then the files are meant.
 */
export function attachesFiles({ text, files }: Pasted): boolean {
  if (files.length === 0) return false;
  const lines = text.split(/[\r\n]+/u).filter((line) => line.trim() !== "");
  return lines.every((line) => files.some(({ name }) => namesFile(line.trim(), name)));
}

/** Returns whether a line is the name, the path or the address of a file. */
function namesFile(line: string, name: string): boolean {
  if (line === name) return true;
  const path = line.startsWith("file://") ? decoded(line) : line;
  return (
    /^(?:file:\/\/|\/|[A-Za-z]:\\|\\\\)/u.test(path) && /[\\/]/u.test(path) && path.split(/[\\/]/u).at(-1) === name
  );
}

function decoded(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}
