/** Checks of zlib's ZIP archives, which no type declares yet. */
import fs from "node:fs";
import * as zlib from "node:zlib";
import { member, textOf, thrown, type Check } from "./check.ts";
import { inFolder } from "./fs/folder.ts";

const modified = new Date(1_600_000_000_000);

function entries(): unknown[] {
  const create = member(Reflect.get(zlib, "ZipEntry"), "createSync");
  return [
    create("a.txt", Buffer.from("first ".repeat(50)), { modified }),
    create("sub/b.txt", Buffer.from("second"), { modified }),
  ];
}

function archive(): Buffer {
  const chunks: Iterable<Buffer> = member(
    zlib,
    "createZipArchiveSync",
  )(entries());
  return Buffer.concat([...chunks]);
}

async function contentsOf(bytes: Buffer): Promise<unknown> {
  const ZipEntry = Reflect.get(zlib, "ZipEntry");
  const found: unknown[] = [];
  for (const entry of member(ZipEntry, "read")(bytes))
    found.push([entry.name, String(await entry.content())]);
  return found;
}

export function zipChecks(): Record<string, Check> {
  return {
    ZipEntry: async () => {
      const ZipEntry = Reflect.get(zlib, "ZipEntry");
      const later = await member(ZipEntry, "create")("c", Buffer.from("c"));
      return [
        await contentsOf(archive()),
        String(await later.content()),
        thrown(() => [...member(ZipEntry, "read")(Buffer.from("none"))]),
      ];
    },
    ZipBuffer: async () => {
      const made = Reflect.construct(Reflect.get(zlib, "ZipBuffer"), [
        archive(),
      ]);
      await made.add("new", Buffer.from("more"));
      return contentsOf(await made.toBuffer());
    },
    ZipFile: inFolder(async (at) => {
      fs.writeFileSync(at("x.zip"), archive());
      const file = await member(
        Reflect.get(zlib, "ZipFile"),
        "open",
      )(at("x.zip"));
      const names = [...file.keys()];
      await file.close();
      return names;
    }),
    createZipArchive: async () => {
      const chunks: unknown[] = await member(
        zlib,
        "createZipArchive",
      )(entries()).toArray();
      return Buffer.concat(
        chunks.map((chunk) => Buffer.from(Object(chunk))),
      ).equals(archive());
    },
    createZipArchiveSync: () => contentsOf(archive()),
    zipFiles: inFolder(async (at) => {
      const stream = member(zlib, "zipFiles")([[at("a.txt"), "inside.txt"]]);
      const text = await textOf(stream);
      return [text.startsWith("PK"), text.includes("inside.txt")];
    }),
    getMaxZipContentSize: () => member(zlib, "getMaxZipContentSize")(),
    setMaxZipContentSize: () => {
      const before: unknown = member(zlib, "getMaxZipContentSize")();
      member(zlib, "setMaxZipContentSize")(1000);
      const changed: unknown = member(zlib, "getMaxZipContentSize")();
      member(zlib, "setMaxZipContentSize")(before);
      return changed;
    },
  };
}
