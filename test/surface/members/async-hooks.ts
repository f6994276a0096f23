import * as hooks from "node:async_hooks";
import { EventEmitter } from "node:events";
import { member, nextTurn, thrown, type Surface } from "../check.ts";

const { AsyncLocalStorage, AsyncResource } = hooks;

export const surface: Surface = {
  module: "async_hooks",
  checks: {
    ...storageChecks(),
    ...resourceChecks(),
    createHook: async () => {
      const seen: string[] = [];
      const hook = hooks.createHook({
        init: (_id, type) => void seen.push(type),
      });
      hook.enable();
      setTimeout(() => undefined, 1);
      hook.disable();
      await nextTurn();
      return [
        seen.includes("Timeout"),
        thrown(() => member(hooks, "createHook")({ init: 1 })),
      ];
    },
    executionAsyncId: async () => {
      const outer = hooks.executionAsyncId();
      const resource = new AsyncResource("Mine");
      const inner = resource.runInAsyncScope(() => hooks.executionAsyncId());
      return [Number.isInteger(outer), inner === resource.asyncId()];
    },
    triggerAsyncId: () => {
      const resource = new AsyncResource("Mine", { triggerAsyncId: 7 });
      return resource.runInAsyncScope(() => hooks.triggerAsyncId());
    },
    executionAsyncResource: () => {
      const resource = new AsyncResource("Mine");
      return resource.runInAsyncScope(
        () => hooks.executionAsyncResource() === resource,
      );
    },
    asyncWrapProviders: () => {
      const { asyncWrapProviders } = hooks;
      return [asyncWrapProviders["NONE"], "TCPWRAP" in asyncWrapProviders];
    },
  },
};

function storageChecks(): Surface["checks"] {
  const made = () => new AsyncLocalStorage<unknown>();
  return {
    AsyncLocalStorage: async () => {
      const storage = new AsyncLocalStorage({
        defaultValue: "none",
        name: "n",
      });
      const seen = await storage.run("inside", async () => {
        await Promise.resolve();
        await nextTurn();
        const here = storage.getStore();
        const later = await new Promise((resolve) => {
          setTimeout(() => resolve(storage.getStore()), 1);
        });
        const ticked = await new Promise((resolve) => {
          process.nextTick(() => resolve(storage.getStore()));
        });
        const queued = await new Promise((resolve) => {
          queueMicrotask(() => resolve(storage.getStore()));
        });
        return [here, later, ticked, queued];
      });
      return [seen, storage.getStore()];
    },
    "AsyncLocalStorage#name": () =>
      new AsyncLocalStorage({ name: "mine" }).name,
    "AsyncLocalStorage#disable": () => {
      const storage = made();
      return storage.run(1, () => {
        storage.disable();
        return storage.getStore();
      });
    },
    "AsyncLocalStorage#enterWith": async () => {
      const storage = made();
      const inner = async () => {
        storage.enterWith("entered");
        await Promise.resolve();
        return storage.getStore();
      };
      return inner();
    },
    "AsyncLocalStorage#run": () => {
      const storage = made();
      return [
        storage.run(1, (value) => [value, storage.getStore()], "arg"),
        storage.run(1, () => storage.run(2, () => storage.getStore())),
        thrown(() =>
          storage.run(1, () => {
            throw new Error("out");
          }),
        ),
        storage.getStore(),
      ];
    },
    "AsyncLocalStorage#exit": () => {
      const storage = made();
      return storage.run(1, () => [
        storage.exit(() => [storage.getStore()]),
        storage.getStore(),
      ]);
    },
    "AsyncLocalStorage#getStore": async () => {
      const storage = made();
      const emitter = new EventEmitter();
      const both = await Promise.all(
        ["a", "b"].map((name) =>
          storage.run(name, async () => {
            for (let turn = 0; turn < 3; turn += 1) await nextTurn();
            return storage.getStore();
          }),
        ),
      );
      emitter.on("x", () => both.push(storage.getStore()));
      storage.run("emitting", () => emitter.emit("x"));
      return both;
    },
    "AsyncLocalStorage#withScope": () => {
      const storage = made();
      const scope = member(storage, "withScope")("scoped");
      const inside = storage.getStore();
      scope[Symbol.dispose]();
      return [inside, storage.getStore()];
    },
    "AsyncLocalStorage.bind": () => {
      const storage = made();
      const bound = storage.run("kept", () =>
        AsyncLocalStorage.bind(() => storage.getStore()),
      );
      return storage.run("other", () => bound());
    },
    "AsyncLocalStorage.snapshot": () => {
      const storage = made();
      const inSnapshot = storage.run("kept", () =>
        AsyncLocalStorage.snapshot(),
      );
      return storage.run("other", () =>
        inSnapshot((value: number) => [value, storage.getStore()], 1),
      );
    },
  };
}

function resourceChecks(): Surface["checks"] {
  return {
    AsyncResource: () => {
      const storage = new AsyncLocalStorage();
      const resource = storage.run("kept", () => new AsyncResource("Mine"));
      return [
        resource.runInAsyncScope(() => storage.getStore()),
        thrown(() => Reflect.construct(AsyncResource, [1])),
      ];
    },
    "AsyncResource#runInAsyncScope": () => {
      const resource = new AsyncResource("Mine");
      const given: unknown[] = resource.runInAsyncScope(
        function (this: unknown, value: number) {
          return [this, value];
        },
        "this",
        2,
      );
      return given.map(String);
    },
    "AsyncResource#emitDestroy": () => {
      const resource = new AsyncResource("Mine", {
        requireManualDestroy: true,
      });
      return [
        resource.emitDestroy() === resource,
        Number.isInteger(resource.asyncId()),
      ];
    },
    "AsyncResource#asyncId": () => {
      const [a, b] = [new AsyncResource("A"), new AsyncResource("B")];
      return b.asyncId() > a.asyncId();
    },
    "AsyncResource#triggerAsyncId": () =>
      new AsyncResource("Mine", { triggerAsyncId: 5 }).triggerAsyncId(),
    "AsyncResource#bind": () => {
      const storage = new AsyncLocalStorage();
      const resource = storage.run("kept", () => new AsyncResource("Mine"));
      const bound = resource.bind((value: number) => [
        value,
        storage.getStore(),
      ]);
      return bound(1);
    },
    "AsyncResource.bind": () => {
      const storage = new AsyncLocalStorage();
      const bound = storage.run("kept", () =>
        AsyncResource.bind(() => storage.getStore()),
      );
      return bound();
    },
  };
}
