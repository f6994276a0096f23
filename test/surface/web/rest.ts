/** Checks of the globals that are of no family: timers, console, process, storage, time. */
import { instance, member, thrown, type Check } from "../check.ts";

export function restChecks(): Record<string, Check> {
  return {
    ...timers(),
    console: () => [
      console.log.name,
      Object.prototype.toString.call(console),
      console.count("surface"),
    ],
    process: () => [process.platform, process.version],
    global: () => {
      Reflect.set(globalThis, "surfaceCheck", 5);
      const seen: unknown = Reflect.get(global, "surfaceCheck");
      Reflect.deleteProperty(globalThis, "surfaceCheck");
      return [seen, global === globalThis];
    },
    Buffer: () => [
      Buffer.from("hé").toString("base64"),
      Reflect.construct(Buffer, ["old"]).toString(),
    ],
    WebSocket: async ({ host, httpPort }) => {
      const socket = new WebSocket(`ws://${host}:${httpPort}/`);
      return new Promise((resolve) => {
        socket.addEventListener("error", () => resolve(socket.readyState));
      });
    },
    Navigator: () => thrown(() => instance(globalThis, "Navigator")),
    navigator: () => {
      const { language, hardwareConcurrency, platform, userAgent } =
        Reflect.get(globalThis, "navigator");
      return [
        language.length > 0,
        hardwareConcurrency > 0,
        platform,
        userAgent,
      ];
    },
    Storage: () => thrown(() => instance(globalThis, "Storage")),
    sessionStorage: () => {
      const storage = Reflect.get(globalThis, "sessionStorage");
      member(storage, "setItem")("a", 1);
      const seen = [storage.getItem("a"), storage.length, storage.key(0)];
      storage.clear();
      return [...seen, storage.getItem("a")];
    },
  };
}

function timers(): Record<string, Check> {
  return {
    setTimeout: async () => {
      const seen: unknown[] = [];
      await new Promise<void>((resolve) => {
        const last = (...args: unknown[]) => {
          seen.push(args);
          resolve();
        };
        // So far apart that no stall between the two lines has them change places, as it would in Node.
        setTimeout(last, 300, 1, 2);
        setTimeout(() => seen.push("first"), 1);
      });
      return [seen, thrown(() => member(globalThis, "setTimeout")("text"))];
    },
    clearTimeout: async () => {
      let count = 0;
      clearTimeout(setTimeout(() => (count += 1), 1));
      await new Promise((resolve) => {
        setTimeout(resolve, 15);
      });
      return count;
    },
    setInterval: async () => {
      let count = 0;
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          count += 1;
          if (count < 3) return;
          clearInterval(timer);
          resolve();
        }, 1);
      });
      return count;
    },
    clearInterval: async () => {
      let count = 0;
      clearInterval(setInterval(() => (count += 1), 1));
      await new Promise((resolve) => {
        setTimeout(resolve, 15);
      });
      return count;
    },
    setImmediate: () =>
      new Promise((resolve) => {
        setImmediate(resolve, "value");
      }),
    clearImmediate: async () => {
      let count = 0;
      clearImmediate(setImmediate(() => (count += 1)));
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      return count;
    },
    queueMicrotask: async () => {
      const seen: number[] = [];
      queueMicrotask(() => seen.push(2));
      seen.push(1);
      await Promise.resolve();
      return [seen, thrown(() => member(globalThis, "queueMicrotask")(1))];
    },
  };
}
