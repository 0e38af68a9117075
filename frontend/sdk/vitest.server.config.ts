/** Owns the run of the SDK against a real server: `PALAVER_BIN=… npm run test:server`. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/server/**/*.server.ts"],
    environment: "node",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    fileParallelism: false,
  },
});
