/** Owns the SDK's package as its users get it: built and packed once for all tests, then unpacked where a test needs it. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { pathOf } from "./repository.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The path of the packed package. */
    tarball: string;
  }
}

export default function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "palaver-sdk-package-"));
  const npm = (...words: string[]) => execFileSync("npm", words, { cwd: pathOf("frontend/sdk"), stdio: ["ignore", "ignore", "inherit"] });
  // Where npm runs no scripts of packages by itself, packing does not build.
  npm("run", "--silent", "build");
  npm("pack", "--silent", "--ignore-scripts", "--pack-destination", folder);
  const [name] = readdirSync(folder);
  provide("tarball", join(folder, name as string));
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Unpacks the package into `node_modules` of a folder, as `npm install` would, together with the packages that it needs. */
export function install(tarball: string, folder: string, needs: readonly string[] = ["idb"]): void {
  const target = join(folder, "node_modules/@palaver/sdk");
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  for (const name of needs) cpSync(pathOf(`tests/clients/node_modules/${name}`), join(folder, "node_modules", name), { recursive: true });
}
