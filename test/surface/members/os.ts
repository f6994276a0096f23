import os from "node:os";
import { thrown, valuesOf, type Surface } from "../check.ts";

/** What differs by machine is only held to what every Node promises of it. */
const isCount = (value: number) => Number.isInteger(value) && value > 0;

export const surface: Surface = {
  module: "os",
  checks: {
    ...valuesOf(os, ["EOL", "devNull"]),
    arch: () => [os.arch() === process.arch, os.arch().length > 2],
    availableParallelism: () => isCount(os.availableParallelism()),
    cpus: () => {
      const [first] = os.cpus();
      return [
        Array.isArray(os.cpus()),
        first ? Object.keys(first) : ["model", "speed", "times"],
      ];
    },
    endianness: () => os.endianness(),
    freemem: () => isCount(os.freemem()) && os.freemem() <= os.totalmem(),
    getPriority: () => [os.getPriority(), os.getPriority(0)],
    homedir: () => os.homedir().startsWith("/"),
    hostname: () => os.hostname().length > 0,
    loadavg: () => [
      os.loadavg().length,
      os.loadavg().every((each) => each >= 0),
    ],
    networkInterfaces: () =>
      Object.values(os.networkInterfaces())
        .flat()
        .every((each) => typeof each?.address === "string"),
    platform: () => [os.platform(), String(os.platform)],
    release: () => /^\d+\.\d+/.test(os.release()),
    setPriority: () => [
      thrown(() => os.setPriority(0, 0)),
      thrown(() => os.setPriority(0, 100)),
    ],
    tmpdir: () => os.tmpdir().startsWith("/") && !os.tmpdir().endsWith("/"),
    totalmem: () => isCount(os.totalmem()) && os.totalmem() > 2 ** 20,
    type: () => os.type(),
    userInfo: () => {
      const { username, uid, gid, homedir, shell } = os.userInfo();
      return [
        username.length > 0,
        Number.isInteger(uid),
        Number.isInteger(gid),
        homedir.startsWith("/"),
        shell === null || typeof shell === "string",
      ];
    },
    uptime: () => os.uptime() > 0,
    version: () => os.version().length > 0,
    machine: () => os.machine(),
    constants: () => os.constants,
  },
};
