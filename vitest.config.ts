import { defineConfig } from "vitest/config";

// Vitest reads its configuration from a default export alone.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
