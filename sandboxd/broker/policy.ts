/** What holds for a container's requests outward: its own settings, the platform's, and the host's defaults, resolved once. */

/** All that the broker knows of a container. */
export interface ContainerPolicy {
  /** Rules; empty: every public address. */
  allow: string[];
  /** The container's and the platform's. */
  deny: string[];
  internalHosts: string[];
  /** Carries all of its connections. */
  proxy?: ProxyPolicy;
  /** Of one invocation; each redirect that is followed is one more. */
  maxRequests: number;
  /** Sent and received by one invocation, decompressed. */
  maxBytes: number;
  /** Of one request. */
  requestMs: number;
  /** Of all its requests together. */
  bytesPerSecond: number;
}

export interface ProxyPolicy {
  /** http:, https: or socks5:, with host and port. */
  url: string;
  username: string;
  password: string;
}

/** Of a container's settings, what is said of requests outward; as the catalog holds it. */
export interface ContainerEgressSettings {
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: {
    /** 0: the host's default. */
    readonly maxEgressRequests: number;
    readonly maxEgressBytes: number;
    readonly egressMs: number;
    readonly egressBytesPerSecond: number;
  };
  readonly egress: {
    readonly allow: readonly string[];
    readonly deny: readonly string[];
  };
}

/** What the platform says of every container's requests; as the catalog holds it. */
export interface PlatformEgressSettings {
  readonly internalHosts: readonly string[];
  readonly deny: readonly string[];
  readonly proxies: readonly {
    readonly url: string;
    readonly username: string;
    readonly password: string;
    /** With `labels` empty too: all. */
    readonly containers: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

/** The host's settings. */
export interface EgressDefaults {
  maxEgressRequests: number;
  maxEgressBytes: number;
  egressMs: number;
  egressBytesPerSecond: number;
}

/** The policy of a container. */
export function policyOf(
  settings: ContainerEgressSettings,
  platform: PlatformEgressSettings,
  defaults: EgressDefaults,
): ContainerPolicy {
  const { container, limits, labels, egress } = settings;
  const proxy = proxyOf(container, labels, platform);
  return {
    allow: [...egress.allow],
    deny: [...egress.deny, ...platform.deny],
    internalHosts: [...platform.internalHosts],
    ...(proxy && { proxy }),
    maxRequests: limits.maxEgressRequests || defaults.maxEgressRequests,
    maxBytes: limits.maxEgressBytes || defaults.maxEgressBytes,
    requestMs: limits.egressMs || defaults.egressMs,
    bytesPerSecond:
      limits.egressBytesPerSecond || defaults.egressBytesPerSecond,
  };
}

/** The first proxy that names the container, or labels it has, or neither. */
function proxyOf(
  container: string,
  labels: Readonly<Record<string, string>>,
  platform: PlatformEgressSettings,
): ProxyPolicy | undefined {
  const fitting = platform.proxies.find((proxy) => {
    const wanted = Object.entries(proxy.labels);
    if (proxy.containers.length === 0 && wanted.length === 0) return true;
    if (proxy.containers.includes(container)) return true;
    return (
      wanted.length > 0 &&
      wanted.every(([name, value]) => labels[name] === value)
    );
  });
  if (!fitting) return undefined;
  const { url, username, password } = fitting;
  return { url, username, password };
}
