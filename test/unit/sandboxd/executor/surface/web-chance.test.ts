/** Programs by chance over the web platform's classes, inside and in plain Node. */
import { test } from "vitest";
import { expectSameAsNode } from "./same-as-node.ts";

const files = ["frame", "texts", "bodies", "values", "flows"];

test("programs by chance over web classes do what they do in Node", async () => {
  await expectSameAsNode(files.map((name) => `chance/${name}.cjs`));
}, 60_000);
