/** Programs by chance over the web platform's classes, inside and in plain Node. */
import { test } from "vitest";
import { expectSameAsNode } from "./same-as-node.ts";

const files = ["frame", "texts", "bodies", "values", "flows"];

test("programs by chance over web classes do what they do in Node", async () => {
  await expectSameAsNode(
    files.map((name) => `chance/${name}.cjs`),
    // Streams leave rejections behind; a listener for them would change what promises are here.
    { nodeFlags: ["--unhandled-rejections=none"] },
  );
}, 60_000);
