/** Checks of Blob and File, which are globals and members of buffer. */
import type { Blob as BlobClass, File as FileClass } from "node:buffer";
import { member, thrown, type Check } from "./check.ts";

export function blobChecks(
  Blob: typeof BlobClass,
  File: typeof FileClass,
): Record<string, Check> {
  const made = () =>
    new Blob(["hé", new Uint8Array([33]), new Blob(["!"])], {
      type: "Text/Plain",
    });
  return {
    Blob: async () => [
      await made().text(),
      thrown(() => Reflect.construct(Blob, ["no list"])),
      Object.prototype.toString.call(made()),
      await new Blob(["a\r\nb"], { endings: "native" }).text(),
    ],
    "Blob#type": () => [made().type, new Blob([]).type],
    "Blob#size": () => made().size,
    "Blob#slice": async () => [
      await made().slice(1, -1).text(),
      made().slice(0, 2, "a/b").type,
      made().slice(4).size,
    ],
    "Blob#arrayBuffer": () => made().arrayBuffer(),
    "Blob#text": () => made().text(),
    "Blob#bytes": () => made().bytes(),
    "Blob#stream": async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of made().stream()) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    "Blob#textStream": async () => {
      let text = "";
      for await (const chunk of member(made(), "textStream")()) text += chunk;
      return text;
    },
    File: async () => {
      const file = new File(["content"], "a.txt", { lastModified: 5 });
      return [
        await file.text(),
        file instanceof Blob,
        Object.prototype.toString.call(file),
        thrown(() => Reflect.construct(File, [["no name"]])),
      ];
    },
    "File#name": () => new File([], "a/b.txt").name,
    "File#lastModified": () =>
      new File([], "a", { lastModified: 5 }).lastModified,
  };
}
