import type { Surface } from "../check.ts";
import { blobChecks } from "../blob-checks.ts";
import { urlChecks } from "../url-checks.ts";
import { urlPatternChecks } from "../url-pattern-checks.ts";
import { eventChecks } from "../web/events.ts";
import { fetchChecks } from "../web/fetch.ts";
import { messagingChecks } from "../web/messaging.ts";
import { performanceChecks } from "../web/performance.ts";
import { restChecks } from "../web/rest.ts";
import { streamChecks } from "../web/streams.ts";
import { subtleChecks } from "../web/subtle.ts";
import { textChecks } from "../web/text.ts";

export const surface: Surface = {
  module: "globals",
  checks: {
    ...blobChecks(
      Reflect.get(globalThis, "Blob"),
      Reflect.get(globalThis, "File"),
    ),
    ...urlChecks(),
    URLPattern: ofPattern,
    ...eventChecks(),
    ...fetchChecks(),
    ...messagingChecks(),
    ...performanceChecks(),
    ...streamChecks(),
    ...subtleChecks(),
    ...textChecks(),
    ...restChecks(),
  },
};

function ofPattern(): unknown {
  const checks = urlPatternChecks(Reflect.get(globalThis, "URLPattern"));
  return Object.entries(checks).map(([name, check]) => [
    name,
    check({} as never), // of these none asks for an origin
  ]);
}
