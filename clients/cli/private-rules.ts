/** Rules of a container's `allow` that open nothing by themselves: only the platform opens private addresses. */
import { BlockList, isIPv6 } from "node:net";

/** A line for whoever has just set such rules; undefined where there are none. */
export function noteOnPrivateRules(
  allow: readonly string[],
): string | undefined {
  const rules = allow.filter(isPrivate);
  if (rules.length === 0) return undefined;
  return `note: --allow ${rules.join(", ")} opens nothing by itself: only \`annex egress update --internal-host\` opens private addresses`;
}

const ranges: [network: string, bits: number, type: "ipv4" | "ipv6"][] = [
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["::1", 128, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
];

/** Of a range, whether its first address is private. */
function isPrivate(rule: string): boolean {
  const [host = ""] = withoutPort(rule).split("/");
  if (/^(.+\.)?localhost$/i.test(host)) return true;
  const privates = new BlockList();
  for (const range of ranges) privates.addSubnet(...range);
  return privates.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

function withoutPort(rule: string): string {
  const [, bracketed, single] =
    /^\[([^\]]*)\](?::\d+)?$|^([^:]*)(?::\d+)?$/.exec(rule) ?? [];
  return bracketed ?? single ?? rule;
}
