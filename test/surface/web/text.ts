/** Checks of text and bytes: encoding, base64. */
import { member, rejected, thrown, type Check } from "../check.ts";

export function textChecks(): Record<string, Check> {
  const decoder = () =>
    new TextDecoder("utf-16be", { fatal: true, ignoreBOM: true });
  return {
    atob: () => [
      atob("aGk="),
      atob(" a G k "),
      thrown(() => atob("é")),
      thrown(() => member(globalThis, "atob")()),
    ],
    btoa: () => [btoa("hé"), btoa(""), thrown(() => btoa("€"))],
    TextEncoder: () => new TextEncoder().encode("\uD800é€💩"),
    "TextEncoder#encoding": () => new TextEncoder().encoding,
    "TextEncoder#encode": () => [
      new TextEncoder().encode("hé"),
      new TextEncoder().encode(),
    ],
    "TextEncoder#encodeInto": () => {
      const bytes = new Uint8Array(4);
      return [new TextEncoder().encodeInto("aé€", bytes), bytes];
    },
    TextDecoder: () => [
      ["utf8", "latin1", "utf-16le", "shift_jis", "euc-kr", "windows-1251"].map(
        (label) =>
          new TextDecoder(label).decode(
            new Uint8Array([0x83, 0x65, 0xc0, 0x41]),
          ),
      ),
      thrown(() => new TextDecoder("nonsense")),
    ],
    "TextDecoder#decode": () => {
      const parts = new TextDecoder();
      return [
        parts.decode(new Uint8Array([0xe2, 0x82]), { stream: true }),
        parts.decode(new Uint8Array([0xac])),
        new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])),
        new TextDecoder().decode(new Uint8Array([0xff, 0x61, 0xc0])),
        thrown(() =>
          new TextDecoder("utf-8", { fatal: true }).decode(
            new Uint8Array([0xff]),
          ),
        ),
      ];
    },
    "TextDecoder#encoding": () => [
      decoder().encoding,
      new TextDecoder("ascii").encoding,
    ],
    "TextDecoder#fatal": () => [decoder().fatal, new TextDecoder().fatal],
    "TextDecoder#ignoreBOM": () => [
      decoder().ignoreBOM,
      new TextDecoder().ignoreBOM,
    ],
    ...ofStreams(),
  };
}

/** Writes to one end, and gives what comes out of the other. */
export async function through(
  pair: { readable: ReadableStream; writable: WritableStream },
  ...chunks: unknown[]
): Promise<unknown[]> {
  const writer = pair.writable.getWriter();
  const written = (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  // Its failure is also the reader's, who tells it.
  written.catch(() => undefined);
  const seen: unknown[] = [];
  for await (const chunk of pair.readable) seen.push(chunk);
  await written;
  return seen;
}

function ofStreams(): Record<string, Check> {
  const encoder = () => new TextEncoderStream();
  const decoder = () => new TextDecoderStream("utf-8", { fatal: true });
  const formats = ["gzip", "deflate", "deflate-raw", "brotli"] as const;
  const squeezed = async (format: string) => {
    const pack = new CompressionStream(format as "gzip"); // the others are checked by name
    const unpack = new DecompressionStream(format as "gzip");
    const packed = await through(pack, Buffer.from("squeeze ".repeat(50)));
    const plain = await through(unpack, ...packed);
    return Buffer.concat(plain.map((each) => Buffer.from(Object(each)))).length;
  };
  const ends = (pair: object) => [
    Reflect.get(pair, "readable") instanceof ReadableStream,
    Reflect.get(pair, "writable") instanceof WritableStream,
  ];
  return {
    TextEncoderStream: () => through(encoder(), "h\uD83D", "\uDCA9"),
    "TextEncoderStream#encoding": () => encoder().encoding,
    "TextEncoderStream#readable": () => ends(encoder())[0],
    "TextEncoderStream#writable": () => ends(encoder())[1],
    TextDecoderStream: async () => [
      await through(
        decoder(),
        new Uint8Array([0xe2, 0x82]),
        new Uint8Array([0xac, 0x61]),
      ),
      await rejected(through(decoder(), new Uint8Array([0xff]))),
    ],
    "TextDecoderStream#encoding": () => decoder().encoding,
    "TextDecoderStream#fatal": () => decoder().fatal,
    "TextDecoderStream#ignoreBOM": () => decoder().ignoreBOM,
    "TextDecoderStream#readable": () => ends(decoder())[0],
    "TextDecoderStream#writable": () => ends(decoder())[1],
    CompressionStream: async () => [
      await Promise.all(formats.map(squeezed)),
      thrown(() => new CompressionStream("nonsense" as "gzip")),
    ],
    "CompressionStream#readable": () => ends(new CompressionStream("gzip"))[0],
    "CompressionStream#writable": () => ends(new CompressionStream("gzip"))[1],
    DecompressionStream: async () => [
      await squeezed("gzip"),
      (await rejected(
        through(new DecompressionStream("gzip"), Buffer.from("nonsense")),
      )) !== undefined,
    ],
    "DecompressionStream#readable": () =>
      ends(new DecompressionStream("gzip"))[0],
    "DecompressionStream#writable": () =>
      ends(new DecompressionStream("gzip"))[1],
  };
}
