/**
 * Egress rules: a host name, `*.` before a domain, an IP address or a CIDR range, each with an optional `:port`, IPv6 in
 * brackets where a port follows. Every rule has one spelling, which is what is stored and told.
 */
import ipaddr from "ipaddr.js";
import { AnnexError } from "../../proto/errors.ts";
import { quote } from "./name.ts";

const maxRules = 256;
const maxRuleCharacters = 300;
const maxHostCharacters = 253;
const maxPort = 65_535;

/** The rules in their one spelling, each once; throws `invalid`, where `field` says which list it is. */
export function egressRulesOf(field: string, rules: string[]): string[] {
  if (rules.length > maxRules)
    throw new AnnexError(
      "invalid",
      `${field} has ${rules.length} rules: at most ${maxRules} are allowed`,
    );
  return [...new Set(rules.map((rule) => egressRuleOf(field, rule)))];
}

/** Addresses and ranges in their one spelling, without ports; throws `invalid`. */
export function addressesOf(field: string, texts: string[]): string[] {
  if (texts.length > maxRules)
    throw new AnnexError(
      "invalid",
      `${field} has ${texts.length} addresses: at most ${maxRules} are allowed`,
    );
  const addresses = texts.map((text) => {
    const refuse = refusing(
      field,
      text,
      "an IP address or a range like 10.0.0.0/8",
    );
    if (text.length > maxRuleCharacters)
      refuse(`it has more than ${maxRuleCharacters} characters`);
    return addressOf(text, refuse) ?? refuse("it is neither");
  });
  return [...new Set(addresses)];
}

/** A host name, or an IP address without brackets, in its one spelling; undefined where it is neither. */
export function hostOf(text: string): string | undefined {
  if (isAddress(text)) return ipaddr.parse(text).toString();
  const name = text.toLowerCase();
  return isHostName(name) ? name : undefined;
}

/** A port's number; undefined where it is none. */
export function portOf(text: string): number | undefined {
  const port = Number(text);
  return /^[1-9]\d{0,4}$/.test(text) && port <= maxPort ? port : undefined;
}

/** Throws `invalid` with what is wrong. */
type Refuse = (why: string) => never;

function egressRuleOf(field: string, rule: string): string {
  const refuse = refusing(field, rule, form);
  if (rule.length > maxRuleCharacters)
    refuse(`it has more than ${maxRuleCharacters} characters`);
  const { target, port } = splitPort(rule, refuse);
  const spelled = addressOf(target, refuse) ?? nameOf(target, refuse);
  if (port === undefined) return spelled;
  return `${spelled.includes(":") ? `[${spelled}]` : spelled}:${port}`;
}

const form =
  "a host name, *.domain, an IP address or a range like 10.0.0.0/8, each with an optional :port, IPv6 in brackets where a port follows";

function refusing(field: string, text: string, wanted: string): Refuse {
  return (why) => {
    throw new AnnexError(
      "invalid",
      `${field}: ${quote(text)} is not ${wanted}: ${why}`,
    );
  };
}

function splitPort(
  rule: string,
  refuse: Refuse,
): { target: string; port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(rule);
  const single = /^([^:]*):([^:]*)$/.exec(rule);
  const [, target = rule, portText] = bracketed ?? single ?? [];
  if (bracketed && !target.includes(":"))
    refuse("only IPv6 stands in brackets");
  if (portText === undefined) return { target, port: undefined };
  const port = portOf(portText);
  if (port === undefined) return refuse(`a port is 1 to ${maxPort}`);
  return { target, port };
}

/** Undefined where it does not look like an address at all. */
function addressOf(text: string, refuse: Refuse): string | undefined {
  const [address = "", prefix, ...more] = text.split("/");
  if (!isAddress(address)) {
    if (address.includes(":") || prefix !== undefined)
      refuse("that is no IP address");
    return undefined;
  }
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === "ipv6" && isMapped(parsed))
    refuse("write an IPv4 address as one");
  if (prefix === undefined) return parsed.toString();
  const bits = Number(prefix);
  const maxBits = parsed.kind() === "ipv6" ? 128 : 32;
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || bits > maxBits || more.length > 0)
    refuse(`what follows the slash is 0 to ${maxBits}`);
  const range = `${networkOf(parsed, bits)}/${bits}`;
  if (range !== `${parsed.toString()}/${bits}`)
    refuse(`it has bits beyond its prefix; write ${range}`);
  return range;
}

/** Four decimal parts, or IPv6 without a zone: nothing that only some programs take for an address. */
function isAddress(text: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return true;
  return ipaddr.IPv6.isValid(text) && !text.includes("%");
}

function isMapped(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return "isIPv4MappedAddress" in address && address.isIPv4MappedAddress();
}

function networkOf(address: ipaddr.IPv4 | ipaddr.IPv6, bits: number): string {
  const cidr = `${address.toString()}/${bits}`;
  const network =
    address.kind() === "ipv6"
      ? ipaddr.IPv6.networkAddressFromCIDR(cidr)
      : ipaddr.IPv4.networkAddressFromCIDR(cidr);
  return network.toString();
}

function nameOf(text: string, refuse: Refuse): string {
  const name = text.toLowerCase();
  const domain = name.startsWith("*.") ? name.slice(2) : name;
  if (!isHostName(domain)) refuse("that is no host name");
  return name;
}

const labelPattern = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** Where a name's last label is a number, browsers and Node take the whole for an IPv4 address. */
const numberPattern = /^(\d+|0x[0-9a-f]*)$/;

function isHostName(name: string): boolean {
  if (name.length > maxHostCharacters) return false;
  const labels = name.split(".");
  if (numberPattern.test(labels.at(-1) ?? "")) return false;
  return labels.every((label) => labelPattern.test(label));
}
