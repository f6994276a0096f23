/** Addresses with ports, and lists of addresses with rules, for `net.SocketAddress` and `net.BlockList`. */
import type { Exports, RealmParts } from "../realm.ts";

const families = { AF_INET: 2, AF_INET6: 10 };
/** An IPv4 address counts as the IPv6 one that it is mapped to, so that rules of both kinds meet. */
const mappedPrefix = 0xffffn << 32n;
/** In the order in which rules are told. */
const kinds = ["Address", "Subnet", "Range"];
const maxFlowLabel = 0xfffff;

interface Address {
  readonly text: string;
  readonly value: bigint;
  readonly family: number;
}

interface Rule {
  readonly first: bigint;
  readonly last: bigint;
  readonly text: string;
}

export function createBinding(parts: RealmParts): Exports {
  class SocketAddress {
    readonly #address: Address;
    readonly #port: number;
    readonly #flowLabel: number;

    constructor(text: string, port: number, family: number, flowLabel: number) {
      const address = addressOf(parts, text, family);
      if (!address) throw invalidAddress();
      this.#address = address;
      this.#port = port;
      this.#flowLabel =
        family === families.AF_INET6 ? flowLabel & maxFlowLabel : 0;
    }

    static addressOf(handle: SocketAddress): Address {
      return handle.#address;
    }

    detail(out: Exports): Exports {
      out["address"] = this.#address.text;
      out["port"] = this.#port;
      out["family"] = this.#address.family;
      out["flowlabel"] = this.#flowLabel;
      return out;
    }

    legacyDetail(): unknown[] {
      return [this.#address.text, this.#port];
    }

    flowlabel(): number {
      return this.#flowLabel;
    }
  }

  const of = (handle: SocketAddress) => SocketAddress.addressOf(handle);

  class BlockList {
    /** The last one added is the first. */
    #rules: Rule[] = [];

    addAddress(handle: SocketAddress): void {
      const rule = addressRule(of(handle));
      this.#remove(rule);
      this.#rules.unshift(rule);
    }

    addAddresses(handles: SocketAddress[]): void {
      for (const handle of handles) this.addAddress(handle);
    }

    addRange(first: SocketAddress, last: SocketAddress): boolean {
      const rule = rangeRule(of(first), of(last));
      if (rule.first > rule.last) return false;
      this.#rules.unshift(rule);
      return true;
    }

    addSubnet(handle: SocketAddress, prefix: number): void {
      this.#rules.unshift(subnetRule(of(handle), prefix));
    }

    removeAddress(handle: SocketAddress): boolean {
      return this.#remove(addressRule(of(handle)));
    }

    removeRange(first: SocketAddress, last: SocketAddress): boolean {
      return this.#remove(rangeRule(of(first), of(last)));
    }

    removeSubnet(handle: SocketAddress, prefix: number): boolean {
      return this.#remove(subnetRule(of(handle), prefix));
    }

    check(handle: SocketAddress): boolean {
      return this.#has(of(handle).value);
    }

    checkString(text: string, family: number): boolean {
      const address = addressOf(parts, text, family);
      return address !== undefined && this.#has(address.value);
    }

    getRules(): string[] {
      const texts = this.#rules.map(({ text }) => text);
      return kinds.flatMap((kind) =>
        texts.filter((text) => text.startsWith(kind)),
      );
    }

    getSize(): number {
      return this.#rules.length;
    }

    clear(): void {
      this.#rules = [];
    }

    #has(value: bigint): boolean {
      return this.#rules.some(
        ({ first, last }) => first <= value && value <= last,
      );
    }

    #remove({ text }: Rule): boolean {
      const at = this.#rules.findIndex((rule) => rule.text === text);
      if (at >= 0) this.#rules.splice(at, 1);
      return at >= 0;
    }
  }

  return { ...families, BlockList, SocketAddress };
}

function addressRule({ text, value, family }: Address): Rule {
  return {
    first: value,
    last: value,
    text: `Address: ${nameOf(family)} ${text}`,
  };
}

function rangeRule(first: Address, last: Address): Rule {
  return {
    first: first.value,
    last: last.value,
    text: `Range: ${nameOf(first.family)} ${first.text}-${last.text}`,
  };
}

function subnetRule({ text, value, family }: Address, prefix: number): Rule {
  const hostBits = BigInt((family === families.AF_INET ? 32 : 128) - prefix);
  const first = (value >> hostBits) << hostBits;
  return {
    first,
    last: first + (1n << hostBits) - 1n,
    text: `Subnet: ${nameOf(family)} ${text}/${prefix}`,
  };
}

function nameOf(family: number): string {
  return family === families.AF_INET ? "IPv4" : "IPv6";
}

function addressOf(
  { internalBinding, require }: RealmParts,
  text: string,
  family: number,
): Address | undefined {
  const { isIPv4, isIPv6 } = require("internal/net");
  if (family === families.AF_INET) {
    if (typeof isIPv4 !== "function" || !isIPv4(text)) return undefined;
    const value = text
      .split(".")
      .reduce((all, part) => (all << 8n) | BigInt(part), 0n);
    return { text, value: mappedPrefix | value, family };
  }
  if (typeof isIPv6 !== "function" || !isIPv6(text)) return undefined;
  const { canonicalizeIP, convertIpv6StringToBuffer } =
    internalBinding("cares_wrap");
  if (
    typeof canonicalizeIP !== "function" ||
    typeof convertIpv6StringToBuffer !== "function"
  )
    return undefined;
  const bytes: unknown = convertIpv6StringToBuffer(text);
  if (!(bytes instanceof Uint8Array)) return undefined;
  const value = bytes.reduce((all, byte) => (all << 8n) | BigInt(byte), 0n);
  return { text: String(canonicalizeIP(text)), value, family };
}

/** No error of Node's JavaScript: its binding makes it. */
function invalidAddress(): Error {
  const error = new Error("Invalid socket address");
  Object.defineProperty(error, "code", {
    value: "ERR_INVALID_ADDRESS",
    enumerable: true,
    writable: true,
    configurable: true,
  });
  return error;
}
