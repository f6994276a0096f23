import { Readable } from "node:stream";
import * as consumers from "node:stream/consumers";
import { member, rejected, type Surface } from "../check.ts";

const source = (text = '{"a":"é"}') =>
  Readable.from([
    Buffer.from(text).subarray(0, 7),
    Buffer.from(text).subarray(7),
  ]);

export const surface: Surface = {
  module: "stream/consumers",
  checks: {
    arrayBuffer: () => consumers.arrayBuffer(source()),
    blob: async () => {
      const blob = await consumers.blob(source());
      return [blob.size, await blob.text()];
    },
    buffer: async () => {
      const made = await consumers.buffer(source());
      return [Buffer.isBuffer(made), made];
    },
    bytes: async () => {
      const made = await member(consumers, "bytes")(source());
      return [Buffer.isBuffer(made), made];
    },
    text: () => consumers.text(source()),
    json: async () => [
      await consumers.json(source()),
      (await rejected(consumers.json(source("{ no json")))) !== undefined,
    ],
  },
};
