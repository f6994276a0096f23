/**
 * Egress rules: a host name, `*.` before a domain for all names below it, an IP address or a CIDR range, each with an
 * optional `:port`, IPv6 in brackets where a port follows. The control plane refuses bad ones; here they are read again,
 * since a rule that is misread opens or shuts the wrong door.
 */
import ipaddr from "ipaddr.js";

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** One rule, read. */
export type Rule = NameRule | RangeRule;

/** Where a request goes. */
export interface Target {
  /** Lower case, without a last dot; an address without brackets. */
  host: string;
  port: number;
  /** Of a connection for whatever protocol, which is not HTTP. */
  isRaw?: boolean;
}

interface NameRule {
  kind: "name";
  name: string;
  /** All names below it, and not itself. */
  isDomain: boolean;
  port: number | undefined;
}

interface RangeRule {
  kind: "range";
  network: Address;
  bits: number;
  port: number | undefined;
}

const maxPort = 65_535;

/** The rule that a text says; throws with what is wrong with it. */
export function parseRule(text: string): Rule {
  const { target, port } = splitPort(text);
  const range = rangeOf(target);
  if (range) return { kind: "range", ...range, port };
  const isDomain = target.startsWith("*.");
  const name = (isDomain ? target.slice(2) : target).toLowerCase();
  if (!isHostName(name)) throw notRule(text);
  return { kind: "name", name, isDomain, port };
}

/** Whether the rule names the target by its name; a range never does. */
export function matchesName(rule: Rule, { host, port }: Target): boolean {
  if (rule.kind !== "name" || !isPort(rule, port)) return false;
  return rule.isDomain ? host.endsWith(`.${rule.name}`) : host === rule.name;
}

/** Whether the rule's range holds the address; a name never does. */
export function matchesAddress(
  rule: Rule,
  address: Address,
  port: number,
): boolean {
  if (rule.kind !== "range" || !isPort(rule, port)) return false;
  if (rule.network.kind() !== address.kind()) return false;
  return address.match(rule.network, rule.bits);
}

function isPort(rule: Rule, port: number): boolean {
  return rule.port === undefined || rule.port === port;
}

function splitPort(text: string): { target: string; port: number | undefined } {
  const bracketed = /^\[([^[\]]*:[^[\]]*)\](?::(.*))?$/.exec(text);
  const single = /^([^:]*):([^:]*)$/.exec(text);
  const [, target = text, portText] = bracketed ?? single ?? [];
  if (portText === undefined) return { target, port: undefined };
  const port = Number(portText);
  if (!/^[1-9]\d{0,4}$/.test(portText) || port > maxPort) throw notRule(text);
  return { target, port };
}

function rangeOf(text: string): { network: Address; bits: number } | undefined {
  const [addressText = "", prefix, ...more] = text.split("/");
  const network = addressOf(addressText);
  if (!network) return undefined;
  // Addresses are compared as what they are: a rule for a mapped one would hold for nothing.
  if (isMapped(network)) throw notRule(text);
  const maxBits = network.kind() === "ipv6" ? 128 : 32;
  if (prefix === undefined) return { network, bits: maxBits };
  const bits = Number(prefix);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || bits > maxBits || more.length > 0)
    throw notRule(text);
  // Bits beyond the prefix are a slip of the pen that would open a whole network.
  if (!isNetwork(network, bits)) throw notRule(text);
  return { network, bits };
}

/** Four decimal parts, or IPv6 without a zone: nothing that only some programs take for an address. */
export function addressOf(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!ipaddr.IPv6.isValid(text) || text.includes("%")) return undefined;
  return ipaddr.IPv6.parse(text);
}

/** Whether it is the name or the address of a host, as rules know them. */
export function isHost(text: string): boolean {
  return addressOf(text) !== undefined || isHostName(text);
}

function isMapped(address: Address): boolean {
  return "isIPv4MappedAddress" in address && address.isIPv4MappedAddress();
}

function isNetwork(address: Address, bits: number): boolean {
  const cidr = `${address.toString()}/${bits}`;
  const network =
    address.kind() === "ipv6"
      ? ipaddr.IPv6.networkAddressFromCIDR(cidr)
      : ipaddr.IPv4.networkAddressFromCIDR(cidr);
  return network.toString() === address.toString();
}

const maxHostCharacters = 253;
const labelPattern = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** Where a name's last label is a number, URLs take the whole for an IPv4 address. */
const numberPattern = /^(\d+|0x[0-9a-f]*)$/;

function isHostName(name: string): boolean {
  if (name.length > maxHostCharacters) return false;
  const labels = name.split(".");
  if (numberPattern.test(labels.at(-1) ?? "")) return false;
  return labels.every((label) => labelPattern.test(label));
}

function notRule(text: string): Error {
  return new Error(
    `${JSON.stringify(text)} is no egress rule: give a host name, *.domain, an IP address or a range like 10.0.0.0/8, each with an optional :port, IPv6 in brackets where a port follows`,
  );
}
