/**
 * What holds where what was said is lost: nothing gets out. Rules that narrow must not fall away with the file they lay in,
 * for as long as the control plane, which knows them, is away.
 */
import type {
  ContainerSettings,
  PlatformEgress,
  ServingExtension,
} from "./catalog.ts";
import { completeContainer } from "./former.ts";

const everyAddress = ["0.0.0.0/0", "::/0"];
// RFC 2606 keeps this domain from ever being somebody's.
const noName = "nothing.invalid";

/** Settings of the containers that serve, but for which nothing was found. */
export function settingsInPlaceOfLost(
  extensions: readonly ServingExtension[],
  found: readonly ContainerSettings[],
): ContainerSettings[] {
  const serving = new Set(extensions.map(({ container }) => container));
  for (const { container } of found) serving.delete(container);
  const egress = { allow: [noName], deny: everyAddress };
  return [...serving].map((container) =>
    completeContainer({ container, egress }),
  );
}

export const egressInPlaceOfLost: PlatformEgress = Object.freeze({
  internalHosts: [],
  deny: everyAddress,
  proxies: [],
});
