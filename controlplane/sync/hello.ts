/** A host's first message, checked into what the fleet and the subscriber go by. */
import { AnnexError } from "../../proto/errors.ts";
import {
  HeldState,
  type Held,
  type Hello,
  type Refusal,
  type Subscription as WireSubscription,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import { isSubscribed } from "../domain/host.ts";
import type {
  HostRefusal,
  HostVersion,
  HostVersionState,
  Subscription,
} from "../domain/host.ts";
import type { Position, Resource } from "../domain/history.ts";
import type { Introduction } from "./fleet.ts";

/** Checks what a host says of itself; throws `invalid`. */
export function introductionOf(hello: Hello): Introduction {
  if (!/^[A-Za-z0-9][-A-Za-z0-9._:]{0,252}$/.test(hello.host))
    throw invalid(
      "Hello.host must be 1 to 253 of letters, digits and -._:, beginning with a letter or digit",
    );
  if (hello.runUrl !== "" && protocolOf(hello.runUrl) !== "http:")
    throw invalid(
      "Hello.run_url must be an http URL, or empty; https is not supported yet",
    );
  return {
    name: hello.host,
    subscription: subscriptionOf(hello.subscription),
    runtimes: hello.runtimes,
    runUrl: hello.runUrl,
    release: hello.release,
    walls: hello.walls,
    limits: hello.limits,
    held: hello.held.flatMap((held) => hostVersionOf(held) ?? []),
  };
}

/** Where a host stands; undefined on a new one. */
export function positionOf({ position }: Hello): Position | undefined {
  if (!position?.historyId) return undefined;
  const { historyId, revision } = position;
  return { historyId, revision: Number(revision) };
}

/** What the fleet remembers of a message; undefined where it says nothing. */
export function hostVersionOf(held: Held): HostVersion | undefined {
  const state = stateOf[held.state];
  if (!state) return undefined;
  const { container, extension, version, refusal } = held;
  return {
    container,
    extension,
    version,
    state,
    ...((state === "refused" || state === "quarantined") && {
      refusal: hostRefusalOf(refusal),
    }),
  };
}

/** Why a host refused or quarantined, with the place in front where it is known. */
export function hostRefusalOf(refusal: Refusal | undefined): HostRefusal {
  const { reason = "", message = "", file = "", line = 0 } = refusal ?? {};
  if (file === "" || line === 0) return { reason, message };
  const place = `${file}:${line}:${refusal?.column ?? 0}: `;
  const hasPlace = message.startsWith(`${file}:${line}`);
  return { reason, message: hasPlace ? message : place + message };
}

/** Which resources a subscription wants; only what is in a container may not concern a host. */
export function filterOf(
  subscription: Subscription,
): (resource: Resource) => boolean {
  return (resource) =>
    !("container" in resource) ||
    isSubscribed(subscription, resource.container);
}

const stateOf: Record<HeldState, HostVersionState | undefined> = {
  [HeldState.UNSPECIFIED]: undefined,
  [HeldState.STORED]: "stored",
  [HeldState.COMPILED]: "compiled",
  [HeldState.WARM]: "warm",
  [HeldState.REFUSED]: "refused",
  [HeldState.QUARANTINED]: "quarantined",
};

function subscriptionOf(wire: WireSubscription | undefined): Subscription {
  const scope = wire?.scope;
  if (!scope) throw invalid("Hello.subscription must say all or named");
  if (scope.$case === "all") return { kind: "all" };
  return { kind: "named", containers: new Set(scope.value.containers) };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : "";
}

function invalid(message: string): AnnexError {
  return new AnnexError("invalid", message);
}
