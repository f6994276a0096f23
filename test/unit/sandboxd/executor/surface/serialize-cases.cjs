// V8's format of values: what is written, byte by byte, and what is read of anything.
/* oxlint-disable -- written as programs are, odd ones included */
module.exports = async () => {
  const v8 = require("v8");
  const { Serializer, Deserializer, DefaultSerializer } = v8;
  const out = [];
  const t = (name, work) => {
    try {
      out.push([name, work()]);
    } catch (error) {
      out.push([name, error.name, error.code, error.message]);
    }
  };
  const hex = (value) => v8.serialize(value).toString("hex");
  const shown = (value, depth = 0) => {
    if (typeof value === "bigint") return `${value}n`;
    if (Object.is(value, -0)) return "-0";
    if (typeof value === "number") return String(value);
    if (typeof value !== "object" || value === null)
      return value === undefined ? "undefined" : value;
    if (depth > 5) return "deep";
    const more = (item) => shown(item, depth + 1);
    const kind = Object.prototype.toString.call(value);
    if (value instanceof Map || value instanceof Set)
      return [kind, [...value].map(more)];
    if (ArrayBuffer.isView(value))
      return [
        kind,
        Buffer.isBuffer(value),
        value.byteLength,
        Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString(
          "hex",
        ),
      ];
    if (value instanceof ArrayBuffer) return [kind, value.byteLength];
    if (value instanceof Error)
      return [
        kind,
        value.constructor.name,
        value.name,
        value.message,
        value.stack === undefined,
        more(value.cause),
        Object.getOwnPropertyNames(value).sort(),
      ];
    return [
      kind,
      String(value).slice(0, 20),
      value.length,
      Object.keys(value).map((key) => [key, more(value[key])]),
    ];
  };

  const cycle = { list: [] };
  cycle.list.push(cycle, cycle.list);
  const shared = { a: 1 };
  const error = Object.assign(new RangeError("m", { cause: { deep: 1 } }), {
    stack: "S",
  });
  const values = {
    int: 1,
    negative: -5,
    smi: 2 ** 31 - 1,
    least: -(2 ** 31),
    above: 2 ** 31,
    half: 0.5,
    zero: -0,
    nan: NaN,
    text: "aé",
    wide: "a€",
    later: ["x", "€", "€", "ab€"],
    long: "x".repeat(300),
    lone: "\ud800",
    yes: true,
    no: false,
    none: null,
    not: undefined,
    big: 10n,
    bigger: -(2n ** 70n),
    bigNone: 0n,
    holes: [1, , 3],
    dense: [1, "a", [2]],
    extra: Object.assign([1], { x: 2 }),
    keys: { a: 1, 2: 3, 4294967294: 1, 4294967295: 2, "-1": 2, "01": 3 },
    bare: Object.create(null),
    made: new (class K {
      x = 1;
      #y = 2;
      get z() {
        return 3;
      }
    })(),
    error,
    named: Object.assign(new Error("m"), { stack: "S", name: "TypeError" }),
    odd: Object.assign(new Error(), { stack: 5 }),
    uint16: new Uint16Array([1, 2]),
    bytes: Buffer.from("ab"),
    part: Buffer.from("abcd").subarray(1, 3),
    view: new DataView(new ArrayBuffer(4), 1, 2),
    buffer: new Uint8Array([1, 2]).buffer,
    float: new Float64Array([1.5]),
    bigs: new BigInt64Array([5n]),
    flags: [/a/dgimsuy, /b/v, /c\/d/],
    map: new Map([
      [{ a: 1 }, []],
      ["k", new Set([1])],
    ]),
    boxes: [
      Object(1n),
      Object("s"),
      Object("€"),
      Object(5),
      Object(true),
      Object(false),
    ],
    dates: [new Date(5), new Date(NaN)],
    cycle,
    shared: [shared, shared, [shared]],
    fn: () => 1,
    symbol: Symbol("s"),
    weak: new WeakMap(),
    promise: Promise.resolve(),
    proxy: new Proxy({}, {}),
    global: globalThis,
    headers: new Headers(),
    boxed: Object(Symbol("s")),
    accessor: {
      get a() {
        delete this.b;
        return 1;
      },
      b: 2,
    },
    thrower: {
      get a() {
        throw new RangeError("mine");
      },
    },
  };
  for (const [name, value] of Object.entries(values)) {
    t(`write ${name}`, () => hex(value));
    t(`round ${name}`, () => shown(v8.deserialize(v8.serialize(value))));
  }

  const raw = (text) => new Deserializer(Buffer.from(text, "hex"));
  for (const text of [
    "",
    "ff",
    "ff0f",
    "ff10",
    "ff63",
    "4902",
    "ff0d4902",
    "ff0f01",
    "ff0f6f7b01",
    "ff0f6f22016149027b01",
    "ff0f6f7b00aa",
    "ff0f5e00",
    "ff0f41ffffffff0f",
    "ff0f61ffffffff0f4000ffffffff0f",
    "ff0f4103490249044906240003",
    "ff0f41022d4902240002",
    "ff0f22056162",
    "ff0f630361",
    "ff0f6304610062ff",
    "ff0f530361c3a4",
    "ff0f44",
    "ff0f52220161bf01",
    "ff0f522201618004",
    "ff0f5222015b00",
    "ff0f3b49023a02",
    "ff0f3b490249043a02",
    "ff0f3b490249043a04",
    "ff0f2749022c01",
    "ff0f4202",
    "ff0f4202010256420002",
    "ff0f420201025642000200",
    "ff0f420201025642000300",
    "ff0f42020102565701010000",
    "ff0f7400",
    "ff0f5c",
    "ff0f7552",
    "ff0f72452e",
    "ff0f726d2201612e",
    "ff0f7278",
    "ff0f00004902",
    "ff0f3f014902",
    "ff0f5a100100000000000000",
    "ff0f5a11",
    "ff0f5506",
    "ff0f6f49024904490649087b02",
    "ff0f6f54547b01",
    "ff0f7322",
    "ff0f6f2201615e007b01",
    "ff0e420201025642000200",
    "ff0d4202010256420002",
  ])
    t(`read ${text}`, () => {
      const reader = raw(text);
      const header = reader.readHeader();
      return [header, reader.getWireFormatVersion(), shown(reader.readValue())];
    });

  t("by hand", () => {
    const writer = new Serializer();
    const seen = [
      writer.writeHeader(),
      writer.writeUint32(300),
      writer.writeUint64(1, 2),
      writer.writeUint64(2 ** 32 - 1, 7),
      writer.writeDouble(1.5),
      writer.writeRawBytes(Buffer.from("xyz")),
      writer.writeValue([1]),
    ];
    const bytes = writer.releaseBuffer();
    const reader = new Deserializer(bytes);
    return [
      seen,
      bytes.toString("hex"),
      Buffer.isBuffer(bytes),
      writer.releaseBuffer().length,
      reader.readHeader(),
      reader.readUint32(),
      reader.readUint64(),
      reader.readUint64(),
      reader.readDouble(),
      String(reader.readRawBytes(3)),
      reader.readValue(),
      reader.buffer === bytes,
    ];
  });
  t("views of V8's", () => {
    const writer = new Serializer();
    const bytes = new Uint8Array([1, 2, 3, 4]);
    writer.writeHeader();
    writer.writeValue({
      a: bytes.subarray(1),
      b: new DataView(bytes.buffer, 2),
      c: bytes,
    });
    const written = writer.releaseBuffer();
    const reader = new Deserializer(written);
    reader.readHeader();
    const { a, b, c } = reader.readValue();
    return [written.toString("hex"), a.buffer === b.buffer, shown([a, b, c])];
  });
  t("moved", () => {
    const writer = new Serializer();
    const buffer = new ArrayBuffer(2);
    writer.writeHeader();
    writer.transferArrayBuffer(5, buffer);
    writer.writeValue([buffer, buffer]);
    const reader = new Deserializer(writer.releaseBuffer());
    const other = new ArrayBuffer(3);
    reader.transferArrayBuffer(5, other);
    reader.readHeader();
    return reader.readValue().map((item) => item === other);
  });
  t("of one's own", () => {
    class Own extends DefaultSerializer {
      _writeHostObject(view) {
        this.writeUint32(view.length + 40);
      }
      get _getDataCloneError() {
        return class Mine extends RangeError {};
      }
    }
    class Back extends Deserializer {
      _readHostObject() {
        return { length: this.readUint32() };
      }
    }
    const writer = new Own();
    writer.writeHeader();
    writer.writeValue([new Uint8Array(2)]);
    const reader = new Back(writer.releaseBuffer());
    reader.readHeader();
    return [
      reader.readValue()[0].length,
      (() => {
        try {
          writer.writeValue(() => 1);
        } catch (error) {
          return [error.constructor.name, error.message];
        }
      })(),
    ];
  });
  for (const work of [
    () => Serializer(),
    () => Deserializer(Buffer.alloc(1)),
    () => new Deserializer(5),
    () => new Deserializer(new ArrayBuffer(2)),
    () => raw("").readUint32(),
    () => raw("80").readUint64(),
    () => raw("00").readDouble(),
    () => raw("00").readRawBytes(2),
    () => new Serializer().writeRawBytes(5),
    () => new Serializer().transferArrayBuffer(1, 5),
    () => raw("00").transferArrayBuffer(1, 5),
    () => v8.deserialize("x"),
    () => Serializer.prototype.writeHeader.call({}),
    () => new Serializer()._setTreatArrayBufferViewsAsHostObjects(true),
    () => {
      const writer = new Serializer();
      writer._setTreatArrayBufferViewsAsHostObjects(true);
      writer.writeValue(new Uint8Array(2));
    },
    () => {
      const buffer = new ArrayBuffer(1);
      buffer.transfer();
      return hex(buffer);
    },
  ])
    t(String(work), work);
  return out;
};
