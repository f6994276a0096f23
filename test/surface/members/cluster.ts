import cluster from "node:cluster";
import {
  instance,
  member,
  unavailable,
  valuesOf,
  type Surface,
} from "../check.ts";

export const surface: Surface = {
  module: "cluster",
  checks: {
    ...valuesOf(cluster, [
      "isWorker",
      "isMaster",
      "isPrimary",
      "workers",
      "settings",
      "SCHED_NONE",
      "SCHED_RR",
      "schedulingPolicy",
    ]),
    Worker: () => {
      const made = instance(cluster, "Worker", { id: 5, state: "none" });
      return [made.id, made.state, made.exitedAfterDisconnect];
    },
    setupPrimary: unavailable(() => cluster.setupPrimary({ exec: "/x.js" })),
    setupMaster: unavailable(() =>
      member(cluster, "setupMaster")({ exec: "/x.js" }),
    ),
    fork: unavailable(() => cluster.fork()),
    disconnect: () =>
      new Promise((resolve) => {
        cluster.disconnect(() => resolve("nobody was connected"));
      }),
  },
};
