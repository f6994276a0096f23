import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import type { Change } from "../../../../controlplane/domain/history.ts";
import { resourceOfName } from "../../../../controlplane/domain/history.ts";
import { Fleet } from "../../../../controlplane/sync/fleet.ts";
import {
  Subscriber,
  type SyncStore,
} from "../../../../controlplane/sync/subscriber.ts";
import { Hello } from "../../../../proto/gen/annex/sync/v1/sync.ts";
import { everything } from "../../../support/fake-host.ts";

test("tells of a revocation before the rest of what it was sending", async () => {
  const names = Array.from({ length: 50 }, (_, at) => `extension/acme/e${at}`);
  const changes = names.map((name) => changeOf(name, 1));
  let revision = 1;
  const told = new EventEmitter<{ change: [] }>();
  const store: SyncStore = {
    changes: {
      parentHistoryId: async () => undefined,
      onChange(listener) {
        told.on("change", listener);
        return () => told.off("change", listener);
      },
      read: async (since) => ({
        position: { historyId: "history", revision },
        resync: since === undefined,
        changes: changes.filter((one) => one.revision > (since?.revision ?? 0)),
      }),
    },
    containers: { find: async () => undefined },
    points: { find: async () => undefined },
    egress: {
      readState: async () => ({ internalHosts: [], deny: [], proxies: [] }),
    },
    extensions: {
      // The token is revoked while the third extension is read.
      async readState({ extension }) {
        if (extension !== "e2") return undefined;
        revision = 2;
        changes.push(changeOf("revocations", 2));
        told.emit("change");
        return undefined;
      },
    },
    tokens: {
      publicKeys: async () => ({ keys: [] }),
      listRevocations: async () => [],
    },
  };

  const sent = [];
  for await (const { message } of subscriberOf(store).run()) {
    if (message?.$case === "change") sent.push(message.value.resource?.$case);
    if (message?.$case === "caughtUp") break;
  }
  expect(sent).toHaveLength(names.length + 1);
  expect(sent.indexOf("revocations")).toBe(3);
});

function changeOf(name: string, revision: number): Change {
  const resource = resourceOfName(name);
  return { name, resource, revision, removed: false, traceparent: undefined };
}

function subscriberOf(store: SyncStore): Subscriber {
  const deps = {
    store,
    fleet: new Fleet(() => 0),
    now: () => 0,
    readBundle: async () => undefined,
    signHistory: async () => "",
    countRefusal: () => {},
    log: { info: () => {}, warn: () => {} },
  };
  const silent = new Promise<IteratorResult<never>>(() => {});
  return new Subscriber(deps, {
    hello: Hello.create({ host: "host-1", subscription: everything }),
    requests: { next: () => silent },
    signal: new AbortController().signal,
    stillWelcome: async () => {},
  });
}
