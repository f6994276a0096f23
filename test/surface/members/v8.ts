import v8 from "node:v8";
import { instance, member, thrown, type Surface } from "../check.ts";

const value = {
  a: [1, -0, 1.5, "é", "latin", true, null, undefined, 12n],
  b: new Map([[{}, new Set([1])]]),
  c: new Date(5),
  d: /x/g,
  e: new Uint8Array([1, 2]),
};
const amounts = (holder: object) =>
  Object.entries(holder).map(([name, amount]) => [name, Number(amount) >= 0]);

export const surface: Surface = {
  module: "v8",
  checks: {
    serialize: () => v8.serialize(value),
    deserialize: () => [
      v8.deserialize(v8.serialize(value)),
      thrown(() => v8.deserialize(Buffer.from("nonsense"))),
    ],
    Serializer: () => {
      const made = new v8.Serializer();
      made.writeHeader();
      made.writeUint32(5);
      made.writeUint64(1, 2);
      made.writeDouble(1.5);
      made.writeRawBytes(Buffer.from("raw"));
      made.writeValue({ a: 1 });
      return made.releaseBuffer();
    },
    Deserializer: () => {
      const made = new v8.Serializer();
      made.writeHeader();
      made.writeUint32(5);
      made.writeDouble(1.5);
      made.writeValue({ a: 1 });
      const back = new v8.Deserializer(made.releaseBuffer());
      return [
        back.readHeader(),
        back.readUint32(),
        back.readDouble(),
        back.readValue(),
        back.getWireFormatVersion(),
      ];
    },
    DefaultSerializer: () => {
      const made = new v8.DefaultSerializer();
      made.writeHeader();
      made.writeValue(Buffer.from("b"));
      return made.releaseBuffer();
    },
    DefaultDeserializer: () => {
      const made = new v8.DefaultDeserializer(v8.serialize(Buffer.from("b")));
      made.readHeader();
      return made.readValue();
    },
    cachedDataVersionTag: () => v8.cachedDataVersionTag() > 0,
    getHeapStatistics: () => amounts(v8.getHeapStatistics()),
    getHeapSpaceStatistics: () =>
      v8
        .getHeapSpaceStatistics()
        .some(({ space_name }) => space_name === "new_space"),
    getHeapCodeStatistics: () => amounts(v8.getHeapCodeStatistics()),
    getCppHeapStatistics: () =>
      Object.keys(member(v8, "getCppHeapStatistics")()).length > 0,
    isStringOneByteRepresentation: () => [
      v8.isStringOneByteRepresentation("latin é"),
      v8.isStringOneByteRepresentation("€"),
    ],
    setFlagsFromString: () => thrown(() => member(v8, "setFlagsFromString")(1)),
    promiseHooks: () => {
      const seen: string[] = [];
      const stop = v8.promiseHooks.onInit(() => seen.push("init"));
      const made = Promise.resolve(1);
      stop();
      return [seen.length > 0, made instanceof Promise];
    },
    startupSnapshot: () => v8.startupSnapshot.isBuildingSnapshot(),
    GCProfiler: () => {
      const made = new v8.GCProfiler();
      made.start();
      return Object.keys(Object(made.stop()));
    },
    takeCoverage: () => v8.takeCoverage(),
    stopCoverage: () => v8.stopCoverage(),
    queryObjects: () => {
      class Mine {
        kept = 1;
      }
      const kept = [new Mine(), instance({ Mine }, "Mine")];
      return [v8.queryObjects(Mine), kept.length];
    },
    setHeapSnapshotNearHeapLimit: () =>
      thrown(() => member(v8, "setHeapSnapshotNearHeapLimit")("x")),
    setHeapProfileNearHeapLimit: () =>
      thrown(() => member(v8, "setHeapProfileNearHeapLimit")("x")),
    writeHeapSnapshot: () => thrown(() => member(v8, "writeHeapSnapshot")(1)),
    getHeapSnapshot: () => thrown(() => member(v8, "getHeapSnapshot")(1)),
    startCpuProfile: () => {
      const made = member(v8, "startCpuProfile")();
      return typeof made.stop() === "string";
    },
    startHeapProfile: () => {
      const made = member(v8, "startHeapProfile")();
      return typeof made.stop() === "string";
    },
  },
};
