import { AsyncLocalStorage } from "node:async_hooks";
import channels from "node:diagnostics_channel";
import { instance, member, rejected, thrown, type Surface } from "../check.ts";

const nothing = () => undefined;

export const surface: Surface = {
  module: "diagnostics_channel",
  checks: {
    ...ofChannels(),
    channel: () => [
      channels.channel("surface-a") === channels.channel("surface-a"),
      channels.channel("surface-a").name,
      thrown(() => member(channels, "channel")(1)),
    ],
    hasSubscribers: () => {
      const before = channels.hasSubscribers("surface-b");
      channels.subscribe("surface-b", nothing);
      const after = channels.hasSubscribers("surface-b");
      channels.unsubscribe("surface-b", nothing);
      return [before, after];
    },
    subscribe: () => {
      const seen: unknown[] = [];
      const see = (message: unknown, name: unknown) =>
        seen.push([message, name]);
      channels.subscribe("surface-c", see);
      channels.channel("surface-c").publish({ a: 1 });
      channels.unsubscribe("surface-c", see);
      channels.channel("surface-c").publish("unheard");
      return [seen, thrown(() => member(channels, "subscribe")("x", 1))];
    },
    unsubscribe: () => channels.unsubscribe("surface-d", nothing),
    tracingChannel: async () => {
      const seen: string[] = [];
      const tracing = channels.tracingChannel("surface-e");
      const steps = ["start", "end", "asyncStart", "asyncEnd", "error"];
      const subscribers = Object.fromEntries(
        steps.map((step) => [step, () => seen.push(step)]),
      );
      member(tracing, "subscribe")(subscribers);
      const value = tracing.traceSync(
        (given: number) => given + 1,
        {},
        null,
        1,
      );
      await tracing.tracePromise(() => Promise.resolve(1));
      const failed = await rejected(
        Promise.resolve().then(() =>
          tracing.traceSync(() => {
            throw new Error("why");
          }),
        ),
      );
      return [value, failed, seen, tracing.hasSubscribers];
    },
    BoundedChannel: () =>
      instance(channels, "BoundedChannel", "surface-f").hasSubscribers,
    boundedChannel: () => {
      const seen: string[] = [];
      const bounded = member(channels, "boundedChannel")("surface-g");
      bounded.subscribe({
        start: () => seen.push("start"),
        end: () => seen.push("end"),
      });
      return [bounded.run({ a: 1 }, () => "ran"), seen];
    },
  },
};

function ofChannels(): Surface["checks"] {
  const heard = (use: (channel: channels.Channel) => unknown) => () => {
    const seen: unknown[] = [];
    const see = (message: unknown) => seen.push(message);
    const channel = channels.channel("surface-h");
    channel.subscribe(see);
    const value = use(channel);
    channel.unsubscribe(see);
    return [value, seen];
  };
  const stored =
    (
      use: (
        channel: channels.Channel,
        storage: AsyncLocalStorage<unknown>,
      ) => unknown,
    ) =>
    () => {
      const storage = new AsyncLocalStorage();
      const channel = channels.channel("surface-i");
      channel.bindStore(storage, (message) => ({ stored: message }));
      const value = use(channel, storage);
      channel.unbindStore(storage);
      return value;
    };
  return {
    Channel: () => [
      channels.channel("surface-a") instanceof channels.Channel,
      Object.keys(channels.channel("surface-a")),
    ],
    "Channel#subscribe": heard((channel) => channel.publish("message")),
    "Channel#unsubscribe": heard((channel) => channel.unsubscribe(nothing)),
    "Channel#hasSubscribers": heard((channel) => channel.hasSubscribers),
    "Channel#publish": heard((channel) => [
      channel.publish(1),
      channel.publish(2),
    ]),
    "Channel#bindStore": stored((channel, storage) =>
      channel.runStores("m", () => storage.getStore()),
    ),
    "Channel#unbindStore": stored((channel, storage) => [
      channel.unbindStore(storage),
      channel.unbindStore(storage),
      channel.runStores("m", () => storage.getStore()),
    ]),
    "Channel#runStores": stored((channel, storage) => [
      channel.runStores(
        "m",
        (given: number) => [given, storage.getStore()],
        undefined,
        1,
      ),
      storage.getStore(),
    ]),
    "Channel#withStoreScope": stored((channel, storage) => {
      const scope = member(channel, "withStoreScope")("m");
      const inside = storage.getStore();
      scope[Symbol.dispose]();
      return [inside, storage.getStore()];
    }),
  };
}
