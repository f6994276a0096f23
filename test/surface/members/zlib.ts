import * as zlib from "node:zlib";
import {
  called,
  event,
  instance,
  member,
  textOf,
  thrown,
  told,
  valuesOf,
  type Check,
  type Surface,
} from "../check.ts";
import { zipChecks } from "../zip-checks.ts";

const plain = Buffer.from("squeeze me, squeeze me, squeeze me! ".repeat(20));

/** Each format: what makes it, and what undoes that. */
const formats: [pack: string, unpack: string][] = [
  ["deflate", "inflate"],
  ["gzip", "gunzip"],
  ["deflateRaw", "inflateRaw"],
  ["brotliCompress", "brotliDecompress"],
  ["zstdCompress", "zstdDecompress"],
  ["gzip", "unzip"],
];

export const surface: Surface = {
  module: "zlib",
  checks: {
    ...valuesOf(zlib, ["constants", "codes"]),
    ...ofFormats(),
    ...zipChecks(),
    crc32: () => [
      zlib.crc32("hello"),
      zlib.crc32(Buffer.from("lo"), zlib.crc32("hel")),
      thrown(() => member(zlib, "crc32")(1)),
    ],
  },
};

function ofFormats(): Record<string, Check> {
  const checks: Record<string, Check> = {};
  for (const [pack, unpack] of formats) {
    const packed = () => member(zlib, `${pack}Sync`)(plain);
    checks[pack] = async () => {
      const [error, made] = await called((callback) =>
        member(zlib, pack)(plain, callback),
      );
      return [error, made];
    };
    checks[`${pack}Sync`] = () => [
      packed(),
      member(zlib, `${pack}Sync`)("text", { level: 9, chunkSize: 64 }),
      thrown(() => member(zlib, `${pack}Sync`)(1)),
    ];
    checks[unpack] = async () => [
      await called((callback) => member(zlib, unpack)(packed(), callback)),
      await called((callback) =>
        member(zlib, unpack)(Buffer.from("nonsense"), callback),
      ),
    ];
    checks[`${unpack}Sync`] = () => [
      String(member(zlib, `${unpack}Sync`)(packed())) === String(plain),
      thrown(() => member(zlib, `${unpack}Sync`)(Buffer.from("nonsense"))),
      thrown(() => member(zlib, `${unpack}Sync`)(packed().subarray(0, 20))),
      thrown(() =>
        member(zlib, `${unpack}Sync`)(packed(), { maxOutputLength: 10 }),
      ),
    ];
    Object.assign(checks, ofStreams(pack, unpack, packed));
  }
  return checks;
}

function ofStreams(
  pack: string,
  unpack: string,
  packed: () => Buffer,
): Record<string, Check> {
  const [Pack, Unpack] = [capital(pack), capital(unpack)];
  const streamed = async (stream: NodeJS.ReadWriteStream, input: Buffer) => {
    stream.write(input.subarray(0, 9));
    stream.end(input.subarray(9));
    const chunks: unknown[] = await member(stream, "toArray")();
    return Buffer.concat(chunks.map((chunk) => Buffer.from(Object(chunk))));
  };
  return {
    [`create${Pack}`]: async () => {
      const stream = member(zlib, `create${Pack}`)({ chunkSize: 64 });
      const made = await streamed(stream, plain);
      return [made, stream.bytesWritten];
    },
    [`create${Unpack}`]: async () => {
      const bad = member(zlib, `create${Unpack}`)();
      const failed = event(bad, "error");
      bad.end("nonsense, and more of it");
      const good = member(zlib, `create${Unpack}`)();
      return [
        String(await streamed(good, packed())) === String(plain),
        (await failed).map(told),
      ];
    },
    [Pack]: async () => {
      const stream = instance(zlib, Pack);
      const made = streamed(stream, plain);
      return [
        String(member(zlib, `${unpack}Sync`)(await made)) === String(plain),
        stream instanceof Reflect.get(zlib, Pack),
        thrown(() =>
          Reflect.construct(Reflect.get(zlib, Pack), [{ chunkSize: 1 }]),
        ),
      ];
    },
    [Unpack]: async () => {
      const stream = instance(zlib, Unpack);
      stream.end(packed());
      return textOf(stream);
    },
  };
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
