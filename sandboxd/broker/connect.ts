/**
 * Connections: the one place where a socket is opened. Names are resolved here, once for a connection; every address is
 * checked; the socket goes to a checked address and nowhere else, also through a proxy, and its other end is looked at
 * again when it is open. (undici asks no `lookup` for a host that is an address, so that a guard in `lookup` alone would
 * let all literals pass.)
 */
import { isIP, type LookupFunction, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { buildConnector, Client, Socks5ProxyAgent } from "undici";
import type { Guard } from "./guard.ts";
import type { ProxyPolicy } from "./policy.ts";
import { ProxyFailed, TargetRefused } from "./problem.ts";
import type { Resolve } from "./resolve.ts";
import { addressOf, type Target } from "./rules.ts";

export interface ConnectOptions {
  guard: Guard;
  proxy: ProxyPolicy | undefined;
  resolve: Resolve;
  /** Roots that TLS trusts; undefined: Node's own. */
  roots: string[] | undefined;
  /** Runs the opening of a connection when it is its turn. */
  inTurn: (open: () => Promise<Socket>) => Promise<Socket>;
  /** Told of every connection that is opened. */
  onSocket: (socket: Duplex) => void;
}

/** Also after its request was given up: the opening of a connection cannot be. */
const connectMs = 5000;
const maxHeaderSize = 16 * 1024;
/** Of an answer, what a socket keeps that nobody takes. The connector passes on what its types do not tell of. */
const bounds = { highWaterMark: 16 * 1024 };

/** What undici calls for each connection of one container. */
export function createConnector(
  options: ConnectOptions,
): buildConnector.connector {
  return (wanted, callback) => {
    const open = () => connect(options, wanted);
    options.inTurn(open).then(
      (socket) => {
        options.onSocket(socket);
        callback(null, socket);
      },
      (error: unknown) =>
        callback(error instanceof Error ? error : new Error("failed"), null),
    );
  };
}

/** The host as rules and the resolver know it. */
export function hostOf(hostname: string): string {
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return host.toLowerCase().replace(/\.$/, "");
}

async function connect(
  options: ConnectOptions,
  wanted: buildConnector.Options,
): Promise<Socket> {
  const { guard, resolve, proxy } = options;
  const isTls = wanted.protocol === "https:";
  const port = Number(wanted.port || (isTls ? 443 : 80));
  const target = { host: hostOf(wanted.hostname), port };
  const addresses = isIP(target.host)
    ? [target.host]
    : await resolve(target.host, guard.isInternalName(target));
  const refusal =
    guard.refuseTarget(target) ?? guard.refuseAddresses(target, addresses);
  if (refusal) throw new TargetRefused(refusal);
  const tls = { allowH2: false, timeout: connectMs, ca: options.roots };
  if (!proxy) return connectDirectly(wanted, addresses, target, tls);
  const tunnel = await openTunnel(proxy, addresses[0] ?? "", port, tls);
  if (!isTls) return tunnel;
  return opened(buildConnector(defined(tls)), {
    ...wanted,
    httpSocket: tunnel,
  });
}

interface TlsOptions {
  allowH2: boolean;
  timeout: number;
  ca: string[] | undefined;
}

async function connectDirectly(
  wanted: buildConnector.Options,
  addresses: string[],
  target: Target,
  tls: TlsOptions,
): Promise<Socket> {
  const connector = buildConnector({
    ...defined(tls),
    ...bounds,
    lookup: pinned(addresses),
  });
  const socket = await opened(connector, {
    ...wanted,
    hostname: isIP(target.host) ? target.host : wanted.hostname,
  });
  if (isOneOf(addresses, socket.remoteAddress)) return socket;
  socket.destroy();
  throw new TargetRefused("address");
}

/** Gives the checked addresses for whatever name. */
function pinned(addresses: string[]): LookupFunction {
  const records = addresses.map((address) => ({
    address,
    family: isIP(address),
  }));
  return (_name, options, callback) => {
    const [first] = records;
    if (!first) return callback(new Error("no address"), "");
    if (options.all) return callback(null, records);
    callback(null, first.address, first.family);
  };
}

function isOneOf(addresses: string[], remote: string | undefined): boolean {
  const address = addressOf(remote ?? "")?.toString();
  return addresses.some((text) => addressOf(text)?.toString() === address);
}

/**
 * A connection to the address through the proxy, which is asked for no name: it might resolve it to another address. The
 * proxy's own address is the platform's choice.
 */
async function openTunnel(
  proxy: ProxyPolicy,
  address: string,
  port: number,
  tls: TlsOptions,
): Promise<Socket> {
  try {
    return new URL(proxy.url).protocol === "socks5:"
      ? await openSocksTunnel(proxy, address, port)
      : await openHttpTunnel(proxy, address, port, tls);
  } catch {
    throw new ProxyFailed();
  }
}

async function openHttpTunnel(
  { url, username, password }: ProxyPolicy,
  address: string,
  port: number,
  tls: TlsOptions,
): Promise<Socket> {
  const { origin } = new URL(url);
  const client = new Client(origin, { connect: defined(tls), maxHeaderSize });
  try {
    const path = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
    const { statusCode, socket } = await client.connect({
      path,
      headers: {
        host: path,
        ...(username !== "" && {
          "proxy-authorization": `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
        }),
      },
      signal: AbortSignal.timeout(connectMs),
    });
    if (statusCode === 200) return socket as Socket; // of a client without HTTP/2
    socket.on("error", () => undefined).destroy();
    throw new Error("the proxy refused");
  } finally {
    void client.destroy();
  }
}

async function openSocksTunnel(
  { url, username, password }: ProxyPolicy,
  address: string,
  port: number,
): Promise<Socket> {
  const agent = new Socks5ProxyAgent(url, { username, password });
  // The agent's own requests go to the name in their URL; its types do not tell of the tunnel alone.
  const tunnels = agent as unknown as SocksTunnels;
  return tunnels.createSocks5Connection(address, port);
}

interface SocksTunnels {
  createSocks5Connection(host: string, port: number): Promise<Socket>;
}

function opened(
  connector: buildConnector.connector,
  wanted: buildConnector.Options,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connector(wanted, (error, socket) =>
      error ? reject(error) : resolve(socket),
    );
  });
}

function defined({ ca, ...rest }: TlsOptions) {
  return { ...rest, ...(ca && { ca }) };
}
