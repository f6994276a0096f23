import threads from "node:worker_threads";
import {
  instance,
  member,
  thrown,
  unavailable,
  valuesOf,
  type Surface,
} from "../check.ts";

export const surface: Surface = {
  module: "worker_threads",
  checks: {
    ...valuesOf(threads, [
      "isMainThread",
      "isInternalThread",
      "parentPort",
      "workerData",
      "resourceLimits",
      "threadId",
      "threadName",
      "SHARE_ENV",
    ]),
    MessageChannel: async () => {
      const { port1, port2 } = new threads.MessageChannel();
      const arrived = new Promise((resolve) => {
        port2.on("message", resolve);
      });
      port1.postMessage({ a: new Map([[1, 2]]) });
      const data = await arrived;
      port1.close();
      return data;
    },
    MessagePort: () => [
      new threads.MessageChannel().port1 instanceof threads.MessagePort,
      thrown(() => instance(threads, "MessagePort")),
    ],
    BroadcastChannel: () => {
      const made = new threads.BroadcastChannel("surface");
      const { name } = made;
      made.close();
      return name;
    },
    receiveMessageOnPort: () => {
      const { port1, port2 } = new threads.MessageChannel();
      port1.postMessage({ waits: 1 });
      return [
        threads.receiveMessageOnPort(port2),
        threads.receiveMessageOnPort(port2),
        thrown(() => member(threads, "receiveMessageOnPort")({})),
      ];
    },
    markAsUntransferable: () => {
      const buffer = new ArrayBuffer(1);
      threads.markAsUntransferable(buffer);
      return thrown(() => structuredClone(buffer, { transfer: [buffer] }));
    },
    isMarkedAsUntransferable: () => {
      const buffer = new ArrayBuffer(1);
      const before = threads.isMarkedAsUntransferable(buffer);
      threads.markAsUntransferable(buffer);
      return [before, threads.isMarkedAsUntransferable(buffer)];
    },
    markAsUncloneable: () => {
      const kept = { a: 1 };
      threads.markAsUncloneable(kept);
      return Reflect.get(Object(thrown(() => structuredClone(kept))), "name");
    },
    moveMessagePortToContext: () =>
      thrown(() => member(threads, "moveMessagePortToContext")(1)),
    setEnvironmentData: () => {
      threads.setEnvironmentData("surface", { a: 1 });
      const seen = threads.getEnvironmentData("surface");
      member(threads, "setEnvironmentData")("surface", undefined);
      return [seen, threads.getEnvironmentData("surface")];
    },
    getEnvironmentData: () => threads.getEnvironmentData("none"),
    locks: async () => {
      const locks = Reflect.get(threads, "locks");
      return member(locks, "request")(
        "surface",
        (lock: { name: string; mode: string }) => [lock.name, lock.mode],
      );
    },
    Worker: unavailable(
      () =>
        new Promise((resolve, reject) => {
          new threads.Worker("", { eval: true })
            .on("error", reject)
            .on("exit", resolve);
        }),
    ),
    postMessageToThread: unavailable(() =>
      threads.postMessageToThread(99, "x"),
    ),
  },
};
