/** What a guest may know of the machine: nothing of this one. */
import type { Exports, RealmParts } from "../realm.ts";
import { heapBytesOf } from "../heap.ts";

const hostName = "annex";
/** Of a user who is nobody in particular. */
const userId = 1000;
const noPriority = 0;

export function createBinding(parts: RealmParts): Exports {
  const { host } = parts;
  let priority = noPriority;
  return {
    isBigEndian: false,
    getHostname: () => hostName,
    getOSInformation: () => ["Linux", "#1 SMP", "6.0.0", "x86_64"],
    getLoadAvg: (values: Float64Array) => void values.fill(0),
    getUptime: () => Number(host("clock")) / 1000,
    getTotalMem: () => heapBytesOf(parts).limit,
    getFreeMem: () => {
      const { limit, used } = heapBytesOf(parts);
      return Math.max(0, limit - used);
    },
    // Seven values a processor: its model, its speed, and five times.
    getCPUs: () => ["annex", 0, 0, 0, 0, 0, 0],
    getAvailableParallelism: () => 1,
    // Seven values an address.
    getInterfaceAddresses: () => [
      "lo",
      "127.0.0.1",
      "255.0.0.0",
      "IPv4",
      "00:00:00:00:00:00",
      true,
      -1,
    ],
    getHomeDirectory: () => "/",
    getUserInfo: (options?: { encoding?: string }) => {
      const text = (value: string) =>
        options?.encoding === "buffer" ? bytesOf(parts, value) : value;
      return {
        uid: userId,
        gid: userId,
        username: text("annex"),
        homedir: text("/"),
        shell: null,
      };
    },
    getPriority: () => priority,
    setPriority: (_process: number, wanted: number) => {
      priority = wanted;
      return 0;
    },
  };
}

function bytesOf({ require }: RealmParts, text: string): unknown {
  const { Buffer } = require("buffer");
  return Reflect.apply(Object(Buffer).from, Buffer, [text]);
}
