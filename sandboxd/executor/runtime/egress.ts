/** What requests and connections outward have in common: whether they may leave, and how they are given up. */
import type { Call, Calls } from "./calls.ts";
import type { EgressErrors } from "./fetch/errors.ts";
import { TypeErrorIntrinsic } from "./intrinsics.ts";

/** How a kind of them words what keeps it. */
export interface Outward {
  topLevel: string;
  answered: string;
  /** What is bounded at once, and over the invocation. */
  open: string;
  all: string;
}

/** Throws where the call may have no more of them. */
export function checkMayLeave(
  { limits }: Calls,
  call: Call,
  errors: EgressErrors,
  words: Outward,
): void {
  if (!call.isInvocation)
    throw new TypeErrorIntrinsic(
      `${words.topLevel}: the top level of a module belongs to none`,
    );
  if (call.answered)
    throw new TypeErrorIntrinsic(
      `the invocation has been answered and ${words.answered}`,
    );
  if (call.openExchanges >= limits.maxOpenEgress)
    throw errors.create(
      "limit",
      `more than ${limits.maxOpenEgress} ${words.open} open at once`,
    );
  if (call.hostCalls >= limits.maxHostCalls)
    throw errors.create(
      "limit",
      `more than ${limits.maxHostCalls} ${words.all} in one invocation`,
    );
}

/** Nothing more of it is wanted. */
export function giveUp({ outbox }: Calls, call: Call, egress: number): void {
  outbox.post(`["abort",${call.id},${egress}]`, "");
}
