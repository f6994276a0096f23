/**
 * Connections: the one place where a socket is opened. Names are resolved here, once for a connection; every address is
 * checked; the socket goes to a checked address and nowhere else, also through a proxy, and its other end is looked at
 * again when it is open. (undici asks no `lookup` for a host that is an address, so that a guard in `lookup` alone would
 * let all literals pass.)
 */
import { isIP, type LookupFunction, type Socket } from "node:net";
import { buildConnector, Client, Socks5ProxyAgent } from "undici";
import { orAborted } from "./abortable.ts";
import type { SocketRequest } from "../supervisor/egress.ts";
import type { Guard } from "./guard.ts";
import type { Lookups } from "./lookups.ts";
import type { ProxyPolicy } from "./policy.ts";
import { ProxyFailed, TargetRefused } from "./problem.ts";
import { addressOf, type Target } from "./rules.ts";
import { boundedTls } from "./tls-costs.ts";
import type { Turns } from "./turns.ts";

export interface ConnectOptions {
  container: string;
  guard: Guard;
  proxy: ProxyPolicy | undefined;
  lookups: Lookups;
  /** Connections that are being opened. */
  turns: Turns;
  /** Roots that TLS trusts; undefined: Node's own. */
  roots: string[] | undefined;
}

/** Of each step. */
const connectMs = 5000;
const maxHeaderSize = 16 * 1024;
/** Of an answer, what a socket keeps that nobody takes. */
const bounds = { highWaterMark: 16 * 1024 };

/** The host as rules and the resolver know it. */
export function hostOf(hostname: string): string {
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return host.toLowerCase().replace(/\.$/, "");
}

/** Opens a connection of the container's; given up as soon as the signal is raised, with all that was begun. */
export function openConnection(
  options: ConnectOptions,
  wanted: buildConnector.Options,
  signal: AbortSignal,
): Promise<Socket> {
  const isTls = wanted.protocol === "https:";
  const port = Number(wanted.port || (isTls ? 443 : 80));
  const target = { host: hostOf(wanted.hostname), port };
  return openAdmitted({ options, wanted, target, address: "" }, signal);
}

/** A connection for whatever the guest speaks, and where it leads. */
export interface RawConnection {
  socket: Socket;
  address: string;
}

/** As `openConnection`, without TLS; `address` is the one to take of the name's, where it has it. */
export async function openRaw(
  options: ConnectOptions,
  { host, port, address }: Pick<SocketRequest, "host" | "port" | "address">,
  signal: AbortSignal,
): Promise<RawConnection> {
  const wanted = { protocol: "http:", hostname: host, port: String(port) };
  const target = { host, port, isRaw: true };
  let reached = "";
  const socket = await openAdmitted(
    { options, wanted, target, address, reached: (to) => (reached = to) },
    signal,
  );
  return { socket, address: reached };
}

interface Wanted {
  options: ConnectOptions;
  wanted: buildConnector.Options;
  target: Target;
  /** Empty: any. */
  address: string;
  /** Told where a connection leads, also behind a proxy. */
  reached?: (address: string) => void;
}

async function openAdmitted(
  { options, wanted, target, address, reached }: Wanted,
  signal: AbortSignal,
): Promise<Socket> {
  const { container, guard, lookups, turns } = options;
  const isInternal = guard.isInternalName(target);
  const found = isIP(target.host)
    ? [target.host]
    : await lookups.find({ container, name: target.host, isInternal }, signal);
  // All that the name has are checked, whichever is wanted.
  const refusal =
    guard.refuseTarget(target) ?? guard.refuseAddresses(target, found);
  if (refusal) throw new TargetRefused(refusal);
  const addresses = isOneOf(found, address) ? [address] : found;
  const endTurn = await turns.take(container, signal);
  // Not the signal itself: once it is open, other requests use the connection.
  const opening = new AbortController();
  const giveUp = () => opening.abort(signal.reason);
  signal.addEventListener("abort", giveUp);
  try {
    signal.throwIfAborted();
    const socket = await openTo(
      { options, wanted, addresses, target },
      opening.signal,
    );
    const remote = options.proxy ? addresses[0] : socket.remoteAddress;
    reached?.(remote ?? "");
    return socket;
  } finally {
    signal.removeEventListener("abort", giveUp);
    endTurn();
  }
}

interface Opening {
  options: ConnectOptions;
  wanted: buildConnector.Options;
  /** Checked. */
  addresses: string[];
  target: Target;
}

async function openTo(
  { options, wanted, addresses, target }: Opening,
  signal: AbortSignal,
): Promise<Socket> {
  const { proxy, roots } = options;
  const tls = {
    ...boundedTls(),
    allowH2: false,
    timeout: connectMs,
    ca: roots,
    signal,
  };
  if (!proxy) return connectDirectly(wanted, addresses, target, tls);
  const tunnel = await openTunnel(proxy, addresses[0] ?? "", target.port, tls);
  if (wanted.protocol !== "https:") return tunnel;
  return opened(buildConnector(defined(tls)), {
    ...wanted,
    httpSocket: tunnel,
  });
}

/** Of whatever a connector opens, TLS or not. The connector passes on what its types do not tell of. */
interface TlsOptions extends ReturnType<typeof boundedTls> {
  allowH2: boolean;
  timeout: number;
  ca: string[] | undefined;
  /** Ends the socket, when it is raised. */
  signal: AbortSignal;
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
      ? await openSocksTunnel(proxy, address, port, tls)
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
      signal: AbortSignal.any([tls.signal, AbortSignal.timeout(connectMs)]),
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
  { signal }: TlsOptions,
): Promise<Socket> {
  const options = { timeout: connectMs, signal };
  const connect = buildConnector(options);
  const agent = new Socks5ProxyAgent(url, { username, password, connect });
  // The agent's own requests go to the name in their URL; its types do not tell of the tunnel alone.
  const tunnels = agent as unknown as SocksTunnels;
  return orAborted(tunnels.createSocks5Connection(address, port), signal);
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
