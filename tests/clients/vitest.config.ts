/** Owns how the tests of what others build on are run: the SDK's package, the protocol's page, and the examples. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["*.test.ts"],
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // They start servers, compilers and a browser: one after the other is as fast on a small machine.
    fileParallelism: false,
    globalSetup: "./support/packed.ts",
  },
});
