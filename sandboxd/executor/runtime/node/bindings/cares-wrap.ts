/**
 * Names and addresses, asked of the broker under the container's rules. What a look-up gave is remembered with its name, so
 * that a connection to such an address goes out under the name, by which rules know it.
 */
import type { Sockets } from "../../sockets.ts";
import type { Exports, RealmParts } from "../realm.ts";

/** Of addresses whose names are known; the longest known go first. */
const maxNames = 512;

/** Of a name in DNS, and of a part of it. */
const maxNameChars = 253;
const maxLabelChars = 63;

interface Request {
  oncomplete?: (...news: unknown[]) => void;
}

interface Failure extends Error {
  code?: string;
}

const ownAddresses = ["127.0.0.1", "::1"];
const orders = { verbatim: 0, ipv4First: 1, ipv6First: 2 };

export function createBinding(parts: RealmParts): Exports {
  const { asyncContext } = parts.runtime;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bootstrap.ts gives it
  const sockets = parts.runtime.sockets as Sockets;
  const names = new Map<string, string>();

  const remember = (address: string, name: string) => {
    names.delete(address);
    names.set(address, name);
    const [oldest] = names.keys();
    if (names.size > maxNames && oldest !== undefined) names.delete(oldest);
  };

  /** Asks, and answers the request in the context it was made in. */
  const ask = (
    request: Request,
    name: string,
    record: string,
    found: (records: unknown) => unknown[],
  ): (() => void) => {
    const context = asyncContext.current();
    const complete = (...news: unknown[]) => {
      asyncContext.set(context);
      request.oncomplete?.(...news);
    };
    const failed = (error: Failure) => complete(error.code ?? "EIO");
    try {
      return sockets.lookup(name, record, {
        found: (records) => complete(null, ...found(records)),
        failed,
      });
    } catch (thrown) {
      parts.runtime.soon(() =>
        failed(thrown instanceof Error ? thrown : new Error("failed")),
      );
      return () => undefined;
    }
  };

  class ChannelWrap {
    readonly #pending = new Set<() => void>();
    #servers: [address: unknown, port: unknown][] = [["127.0.0.1", 53]];

    /** Address and port of each, in new lists: Node's code changes them. */
    getServers(): unknown[] {
      return this.#servers.map(([address, port]) => [address, port]);
    }

    /** The broker asks the servers of its own host, whichever are named here. */
    setServers(servers: unknown[][]): number {
      this.#servers = servers.map(([, address, port]) => [address, port]);
      return 0;
    }

    setLocalAddress(): void {}

    cancel(): void {
      for (const cancel of this.#pending) cancel();
      this.#pending.clear();
    }

    #query(
      request: Request,
      name: string,
      record: string,
      found: (records: unknown) => unknown[] = (records) => [records],
    ): number {
      if (!isAskable(name)) return refuse(request, "EBADNAME");
      let cancelled = false;
      const stop = ask(request, name, record, (records) => {
        this.#pending.delete(cancel);
        return found(records);
      });
      const cancel = () => {
        if (cancelled) return;
        cancelled = true;
        stop();
        parts.runtime.soon(() => request.oncomplete?.("ECANCELLED"));
      };
      this.#pending.add(cancel);
      return 0;
    }

    queryA(request: Request, name: string): number {
      return this.#query(request, name, "A", withTtls);
    }
    queryAaaa(request: Request, name: string): number {
      return this.#query(request, name, "AAAA", withTtls);
    }
    queryCname(request: Request, name: string): number {
      return this.#query(request, name, "CNAME");
    }
    queryMx(request: Request, name: string): number {
      return this.#query(request, name, "MX");
    }
    queryNs(request: Request, name: string): number {
      return this.#query(request, name, "NS");
    }
    queryTxt(request: Request, name: string): number {
      return this.#query(request, name, "TXT");
    }
    querySrv(request: Request, name: string): number {
      return this.#query(request, name, "SRV");
    }
    queryPtr(request: Request, name: string): number {
      return this.#query(request, name, "PTR");
    }
    querySoa(request: Request, name: string): number {
      return this.#query(request, name, "SOA");
    }
    getHostByAddr(request: Request, address: string): number {
      const { isIP } = parts.require("internal/net");
      if (typeof isIP === "function" && !isIP(address))
        return Number(parts.internalBinding("uv")["UV_EINVAL"]);
      return this.#query(request, address, "reverse");
    }
    /** The broker's resolver does not ask for it. */
    #refuse(request: Request, name: string): number {
      return refuse(request, isAskable(name) ? "ENOTIMP" : "EBADNAME");
    }
    queryAny(request: Request, name: string): number {
      return this.#refuse(request, name);
    }
    queryCaa(request: Request, name: string): number {
      return this.#refuse(request, name);
    }
    queryNaptr(request: Request, name: string): number {
      return this.#refuse(request, name);
    }
    queryTlsa(request: Request, name: string): number {
      return this.#refuse(request, name);
    }
  }

  const refuse = (request: Request, code: string): number => {
    const context = asyncContext.current();
    parts.runtime.soon(() => {
      asyncContext.set(context);
      request.oncomplete?.(code);
    });
    return 0;
  };

  return {
    ChannelWrap,
    GetAddrInfoReqWrap,
    GetNameInfoReqWrap,
    QueryReqWrap,
    AI_ADDRCONFIG: 32,
    AI_ALL: 16,
    AI_V4MAPPED: 8,
    DNS_ORDER_VERBATIM: orders.verbatim,
    DNS_ORDER_IPV4_FIRST: orders.ipv4First,
    DNS_ORDER_IPV6_FIRST: orders.ipv6First,
    getaddrinfo: (
      request: Request,
      name: string,
      family: number,
      _hints: number,
      order: number,
    ) => {
      if (name === "localhost") {
        // The broker asks nobody either; whether they may be reached is for the broker to say, of each by itself.
        const addresses = ordered([...ownAddresses], family, order);
        parts.runtime.soon(() => request.oncomplete?.(null, addresses));
        return 0;
      }
      ask(request, name, "address", (records) => {
        const addresses = ordered(texts(records), family, order);
        for (const address of addresses) remember(address, name);
        return [addresses];
      });
      return 0;
    },
    getnameinfo: (request: Request, address: string, port: number) => {
      ask(request, address, "reverse", (records) => [
        texts(records)[0] ?? address,
        String(port),
      ]);
      return 0;
    },
    canonicalizeIP: (text: string) => canonical(parts, text),
    convertIpv6StringToBuffer: (text: string) => ipv6Bytes(parts, text),
    strerror: (code: unknown) => String(code),
    /** Not Node's: the name that an address was found under. */
    nameOf: (address: string) => names.get(address),
  };
}

function texts(records: unknown): string[] {
  return Array.isArray(records) ? records.map(String) : [];
}

/** By its lengths: no packet could carry another. */
function isAskable(name: string): boolean {
  if (name === "" || name === ".") return true;
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  return (
    bare.length <= maxNameChars &&
    bare
      .split(".")
      .every((label) => label !== "" && label.length <= maxLabelChars)
  );
}

/** Addresses and their times to live apart, as Node's resolver wants them. */
function withTtls(records: unknown): unknown[] {
  const all: { address: string; ttl: number }[] = Array.isArray(records)
    ? records
    : [];
  return [all.map(({ address }) => address), all.map(({ ttl }) => ttl)];
}

function isV6(address: string): boolean {
  return address.includes(":");
}

function groupsOf(part: string): string[] {
  return part === "" ? [] : part.split(":");
}

function ordered(all: string[], family: number, order: number): string[] {
  const v4 = all.filter((address) => !isV6(address));
  const v6 = all.filter(isV6);
  if (family === 4) return v4;
  if (family === 6) return v6;
  // One attempt is made where Node would make several at once: the likelier family first.
  return order === orders.ipv6First ? [...v6, ...v4] : [...v4, ...v6];
}

function canonical(parts: RealmParts, text: string): string | undefined {
  const address = compressed(parts, text);
  const [, prefix, high, low] =
    /^(::(?:ffff:)?)([\da-f]+):([\da-f]+)$/.exec(address ?? "") ?? [];
  if (prefix === undefined || high === undefined || low === undefined)
    return address;
  const words = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  const bytes = words.flatMap((word) => [word >> 8, word & 0xff]);
  return `${prefix}${bytes.join(".")}`;
}

function compressed(parts: RealmParts, text: string): string | undefined {
  const { isIPv4, isIPv6 } = parts.require("internal/net");
  if (typeof isIPv4 === "function" && isIPv4(text)) return text;
  if (typeof isIPv6 !== "function" || !isIPv6(text)) return undefined;
  const { URL } = parts.require("internal/url");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const UrlClass = URL as typeof globalThis.URL;
  const [address = text] = text.split("%");
  return new UrlClass(`http://[${address}]`).hostname.slice(1, -1);
}

function ipv6Bytes(parts: RealmParts, text: string): Uint8Array | undefined {
  const address = compressed(parts, text);
  if (!address?.includes(":")) return undefined;
  const [head = "", tail] = address.split("::");
  const first = groupsOf(head);
  const last = tail === undefined ? [] : groupsOf(tail);
  const middle = Array.from<string>({
    length: 8 - first.length - last.length,
  }).fill("0");
  const bytes = new Uint8Array(16);
  for (const [at, group] of [...first, ...middle, ...last].entries()) {
    const value = Number.parseInt(group, 16);
    bytes[2 * at] = value >> 8;
    bytes[2 * at + 1] = value & 0xff;
  }
  return bytes;
}

// Node makes them with `new` and sets what it needs on them.
function GetAddrInfoReqWrap(): void {}
function GetNameInfoReqWrap(): void {}
function QueryReqWrap(): void {}
