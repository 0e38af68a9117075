/** Owns how these tests run other programs. */
import { execFileSync } from "node:child_process";

/** Runs a program and returns what it printed; the error of a program that fails shows that. */
export function run(program: string, words: string[], cwd: string): string {
  try {
    return execFileSync(program, words, { cwd, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${words.join(" ")} failed: ${stdout}\n${stderr}`);
  }
}
