/**
 * Whether a container may connect somewhere: by the name and port it asks for, and by every address that the name has.
 * Only public addresses are open. What the platform opens beside them it names itself.
 */
import { addressOf, matchesAddress, matchesName } from "./rules.ts";
import type { Address, Rule, Target } from "./rules.ts";

/** A container's rules, read. */
export interface GuardRules {
  /** Empty: everything public. */
  allow: readonly Rule[];
  /** Wins over everything. */
  deny: readonly Rule[];
  /** What the platform opens beside public addresses. */
  internalHosts: readonly Rule[];
  /** The host's own addresses as they are now: behind them lie its own services, whatever range they are from. */
  ownAddresses: ReadonlySet<string>;
}

/** Why a target is refused. */
export type Refusal = "port" | "rule" | "address";

export type AddressClass =
  | "public"
  /** A name that the platform opens may lead there. */
  | "private"
  /** Loopback, link-local, metadata, unspecified and whatever else is no place for a request: opened as an address alone. */
  | "special";

/**
 * Ports of other protocols, which HTTP could be made to speak: the Fetch standard's list. Mail and the like stand in it: a
 * connection that is not for HTTP gets there where a rule names the very port.
 */
const badPorts = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77,
  79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135,
  137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
  532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720,
  1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
  6669, 6679, 6697, 10080,
]);

/** Clouds' own services for a machine, where they lie outside the link-local range. */
const metadataAddresses = new Set(
  [
    "100.100.100.200", // Alibaba Cloud
    "168.63.129.16", // Azure; of a public range
    "192.0.0.192", // Oracle Cloud
    "fd00:ec2::23", // AWS: the container's credentials
    "fd00:ec2::123", // AWS: time
    "fd00:ec2::253", // AWS: names
    "fd00:ec2::254", // AWS
    "fd00:42::42", // Scaleway
    "fd00:a9fe:a9fe::254", // DigitalOcean
    "fd20:ce::254", // Google Cloud
  ].map((text) => addressOf(text)?.toString()),
);

/** Decides for one container. */
export class Guard {
  readonly #rules: GuardRules;

  constructor(rules: GuardRules) {
    this.#rules = rules;
  }

  /** What can be said before a name is resolved; also of a connection that is open already. */
  refuseTarget(target: Target): Refusal | undefined {
    if (badPorts.has(target.port) && !this.#isPortNamed(target)) return "port";
    if (this.#rules.deny.some((rule) => matchesName(rule, target)))
      return "rule";
    const literal = addressOf(target.host);
    if (literal) return this.refuseAddresses(target, [target.host]);
    // A range may still allow it, once its addresses are known.
    const { allow } = this.#rules;
    if (allow.length === 0 || allow.some(({ kind }) => kind === "range"))
      return undefined;
    return this.#isAllowedByName(target) ? undefined : "rule";
  }

  /** Whether the addresses of a target may be connected to: one that may not refuses them all. */
  refuseAddresses(
    target: Target,
    addresses: readonly string[],
  ): Refusal | undefined {
    const isAllowedByName = this.#isAllowedByName(target);
    for (const text of addresses) {
      const address = addressOf(text);
      if (!address || !this.#isOpen(address, target)) return "address";
      const isIn = (rule: Rule) => matchesAddress(rule, address, target.port);
      if (this.#rules.deny.some(isIn)) return "rule";
      if (!isAllowedByName && !this.#rules.allow.some(isIn)) return "rule";
    }
    return addresses.length === 0 ? "address" : undefined;
  }

  /** What can be said of a name that is only asked about, for no port in particular, before it is asked. */
  refuseName(host: string): Refusal | undefined {
    const { allow, deny } = this.#rules;
    const isNamed = (rule: Rule) => isNamedBy(rule, host);
    if (deny.some((rule) => rule.port === undefined && isNamed(rule)))
      return "rule";
    return allow.length === 0 || allow.some(isNamed) ? undefined : "rule";
  }

  /** Whether there is a port at which the name's addresses could be connected to; asked once they are known. */
  refuseFound(host: string, addresses: readonly string[]): Refusal | undefined {
    const ports = new Set([anyPort]);
    for (const rules of [this.#rules.allow, this.#rules.internalHosts])
      for (const { port } of rules) if (port !== undefined) ports.add(port);
    let refusal: Refusal | undefined;
    for (const port of ports) {
      refusal = this.refuseAddresses({ host, port }, addresses);
      if (!refusal) return undefined;
    }
    return refusal;
  }

  /** As `isInternalName`, of a name that is only asked about. */
  isInternalForSomePort(host: string): boolean {
    return this.#rules.internalHosts.some((rule) => isNamedBy(rule, host));
  }

  /** Whether ranges may allow what no rule names. */
  get hasRanges(): boolean {
    return this.#rules.allow.some(({ kind }) => kind === "range");
  }

  /** Whether a rule opens this very port, which is closed else. */
  #isPortNamed(target: Target): boolean {
    const { allow, internalHosts } = this.#rules;
    const literal = addressOf(target.host);
    return (
      target.isRaw === true &&
      [...allow, ...internalHosts].some((rule) => {
        if (rule.port !== target.port) return false;
        return literal
          ? matchesAddress(rule, literal, target.port)
          : matchesName(rule, target);
      })
    );
  }

  /** Whether the platform opens the target's name: its addresses are asked of the host, its own files included. */
  isInternalName(target: Target): boolean {
    return this.#rules.internalHosts.some((rule) => matchesName(rule, target));
  }

  #isAllowedByName(target: Target): boolean {
    const { allow } = this.#rules;
    return (
      allow.length === 0 || allow.some((rule) => matchesName(rule, target))
    );
  }

  #isOpen(address: Address, target: Target): boolean {
    const isOpened = this.#rules.internalHosts.some((rule) =>
      matchesAddress(rule, address, target.port),
    );
    if (isOpened) return true;
    if (this.#rules.ownAddresses.has(address.toString())) return false;
    switch (classOf(address)) {
      case "public":
        return true;
      case "private":
        return this.isInternalName(target);
      case "special":
        return false;
    }
  }
}

/** A port that no rule is likely to name, and that is not closed: stands for all that are not named. */
const anyPort = 1024;

function isNamedBy(rule: Rule, host: string): boolean {
  return matchesName(rule, { host, port: rule.port ?? anyPort });
}

/** What kind of address it is. */
export function classOf(address: Address): AddressClass {
  if (metadataAddresses.has(address.toString())) return "special";
  const range = address.range();
  // Only what has been given out is public: among the rest are spellings that carry an IPv4 address inside.
  if (range === "unicast") return isGivenOut(address) ? "public" : "special";
  if (range === "private" || range === "uniqueLocal") return "private";
  return range === "carrierGradeNat" ? "private" : "special";
}

/** Of IPv6, 2000::/3. */
function isGivenOut(address: Address): boolean {
  if (!("parts" in address)) return true;
  return (address.parts[0] ?? 0) >> 13 === 1;
}
