/** Waiting until a published version is on the hosts. */
import { AnnexError } from "../../proto/errors.ts";
import type { Rollout } from "../../proto/gen/annex/control/v1/extension.ts";
import type { Services } from "./connection.ts";
import { present } from "./present.ts";

/** How long commands wait for the hosts. */
export const rolloutTimeoutMs = 60_000;

/** The longest the control plane holds one question. */
const longestQuestionMs = 30_000;

/** Which extension, and how long to wait. */
export interface RolloutWait {
  container: string;
  extension: string;
  timeoutMs?: number;
}

/** Waits until every connected host has compiled the active version; throws where one refused it or has it in quarantine, or the time is up. */
export async function waitForRollout(
  { extensions }: Services,
  wait: RolloutWait,
): Promise<Rollout> {
  const { container, extension, timeoutMs = rolloutTimeoutMs } = wait;
  const end = performance.now() + timeoutMs;
  for (;;) {
    const leftMs = Math.max(0, Math.ceil(end - performance.now()));
    const waitMs = Math.min(leftMs, longestQuestionMs);
    const rollout = present(
      (await extensions.getRollout({ container, extension, waitMs })).rollout,
    );
    if (rollout.refused.length > 0) throw refusedBy(rollout, wait);
    if (rollout.quarantined.length > 0) throw quarantinedBy(rollout, wait);
    if (rollout.compiled >= rollout.subscribed) return rollout;
    if (performance.now() >= end) throw late(rollout, wait, timeoutMs);
  }
}

function refusedBy(
  { version, refused }: Rollout,
  { container, extension }: RolloutWait,
): AnnexError {
  const lines = refused.map(
    ({ host, reason, message }) =>
      `\n  ${host}: ${reason}: ${message.replaceAll("\n", "\n    ")}`,
  );
  return new AnnexError(
    "invalid",
    `version ${version} of ${container}/${extension} was refused; where it was, what served before goes on serving${lines.join("")}`,
  );
}

function quarantinedBy(
  { version, quarantined }: Rollout,
  { container, extension }: RolloutWait,
): AnnexError {
  const lines = quarantined.map(
    ({ host, message }) => `\n  ${host}: ${message}`,
  );
  return new AnnexError(
    "precondition",
    `version ${version} of ${container}/${extension} is in quarantine; publish a better one, or let it run again with "annex extension release ${extension} --container ${container}"${lines.join("")}`,
  );
}

function late(
  { version, compiled, subscribed }: Rollout,
  { container, extension }: RolloutWait,
  timeoutMs: number,
): AnnexError {
  return new AnnexError(
    "deadline",
    `version ${version} of ${container}/${extension} is active, but after ${timeoutMs} ms only ${compiled} of ${subscribed} hosts have compiled it; see "annex host list"`,
  );
}
