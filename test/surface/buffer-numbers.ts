/** Checks of the members of Buffer that read and write numbers: each pair with the edges of its range. */
import { member, thrown, type Check } from "./check.ts";

const bytes = [0x81, 0x02, 0x7f, 0xff, 0x00, 0x40, 0xc9, 0x0f, 0xdb, 0x3f];

export function bufferNumberChecks(): Record<string, Check> {
  const checks: Record<string, Check> = {};
  for (const { names, inRange, tooBig } of kinds())
    for (const name of names) {
      checks[`Buffer#read${name}`] = () => {
        const read = member(Buffer.from(bytes), `read${name}`);
        return [
          read(0),
          read(),
          read(1),
          thrown(() => read(10)),
          thrown(() => read(0.5)),
          thrown(() => read("0")),
        ];
      };
      checks[`Buffer#write${name}`] = () => {
        const target = Buffer.alloc(10);
        const write = member(target, `write${name}`);
        return [
          write(inRange, 1),
          target,
          thrown(() => write(tooBig, 0)),
          thrown(() => write(inRange, 10)),
        ];
      };
    }
  return { ...checks, ...ofAnyWidth() };
}

interface Kind {
  names: string[];
  inRange: number | bigint;
  tooBig: number | bigint;
}

function kinds(): Kind[] {
  const both = (name: string) => [`${name}LE`, `${name}BE`];
  const unsigned = (bits: number) => [
    ...both(`UInt${bits}`),
    ...both(`Uint${bits}`),
  ];
  return [
    { names: ["UInt8", "Uint8"], inRange: 200, tooBig: 256 },
    { names: ["Int8"], inRange: -100, tooBig: 128 },
    { names: unsigned(16), inRange: 0xfeed, tooBig: 0x1_0000 },
    { names: unsigned(32), inRange: 0xfeed_beef, tooBig: 0x1_0000_0000 },
    { names: both("Int16"), inRange: -12_345, tooBig: 0x8000 },
    { names: both("Int32"), inRange: -123_456_789, tooBig: 0x8000_0000 },
    { names: both("Float"), inRange: 1.1, tooBig: Number.MAX_VALUE },
    { names: both("Double"), inRange: -1.1e-300, tooBig: Infinity },
    {
      names: [...both("BigUInt64"), ...both("BigUint64")],
      inRange: 0xfeed_beef_0102_0304n,
      tooBig: 1n << 64n,
    },
    {
      names: both("BigInt64"),
      inRange: -123_456_789_012_345n,
      tooBig: 1n << 63n,
    },
  ];
}

function ofAnyWidth(): Record<string, Check> {
  const checks: Record<string, Check> = {};
  const widths = [1, 2, 3, 4, 5, 6];
  for (const sign of ["UInt", "Uint", "Int"])
    for (const order of ["LE", "BE"]) {
      checks[`Buffer#read${sign}${order}`] = () => {
        const read = member(Buffer.from(bytes), `read${sign}${order}`);
        return [
          widths.map((width) => read(1, width)),
          thrown(() => read(0, 7)),
          thrown(() => read(8, 4)),
        ];
      };
      checks[`Buffer#write${sign}${order}`] = () => {
        const target = Buffer.alloc(10);
        const write = member(target, `write${sign}${order}`);
        return [
          widths.map((width) => [write(100, 1, width), target.toString("hex")]),
          thrown(() => write(300, 0, 1)),
          thrown(() => write(1, 0, 7)),
        ];
      };
    }
  return checks;
}
