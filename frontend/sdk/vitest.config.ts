/** Owns how the SDK is tested: in Node, with time, sockets and disks that the tests hold. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    environment: "node",
  },
});
