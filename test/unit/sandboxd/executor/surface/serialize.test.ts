/** `v8.serialize` and what it stands on: the bytes, and what is read of them, are plain Node's. */
import { test } from "vitest";
import { expectSameAsNode } from "./same-as-node.ts";

test("values are written in V8's format, byte by byte, and read back", async () => {
  await expectSameAsNode("serialize-cases.cjs");
});
