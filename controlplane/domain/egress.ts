/** What holds for every container's connections outward: the platform's rules, and the proxies that carry them. */
import { AnnexError } from "../../proto/errors.ts";
import { addressesOf, egressRulesOf, hostOf, portOf } from "./egress-rule.ts";
import type { Subscription } from "./host.ts";
import { checkLabels, hasLabels } from "./labels.ts";
import { checkContainerName, checkProxyName, quote } from "./name.ts";

const maxProxies = 32;
const maxUrlCharacters = 300;
const maxContainersPerProxy = 1000;
/** SOCKS5 has no room for more. */
const maxCredentialBytes = 255;

/** The platform's egress, without passwords. */
export interface Egress extends EgressRules {
  /** The first that fits a container carries its connections. */
  proxies: EgressProxy[];
  etag: string;
}

/** The platform's rules. */
export interface EgressRules {
  /** Open private addresses to every container. */
  internalHosts: string[];
  /** Wins over what a container allows. */
  deny: string[];
}

/** A proxy with fixed addresses, without its password. */
export interface EgressProxy {
  name: string;
  url: string;
  username: string;
  /** With `labels` empty too, it carries all. */
  containers: string[];
  labels: Record<string, string>;
  /** Where its connections come from, as its operator says. */
  addresses: string[];
}

/** A proxy with its password; in a change an empty one stays what it was. */
export interface SecretEgressProxy extends EgressProxy {
  password: string;
}

/** What the platform's egress is to be. */
export interface EgressChange extends EgressRules {
  proxies: SecretEgressProxy[];
}

/** What hosts are told. */
export type EgressState = EgressChange;

/** What was asked for with every rule, address and URL in its one spelling; throws `invalid`, never with a password. */
export function checkedEgress(change: EgressChange): EgressChange {
  const { proxies } = change;
  if (proxies.length > maxProxies)
    throw new AnnexError(
      "invalid",
      `proxies has ${proxies.length} entries: at most ${maxProxies} are allowed`,
    );
  const names = new Set<string>();
  for (const { name } of proxies) {
    checkProxyName(name);
    if (names.has(name))
      throw new AnnexError("invalid", `there are two proxies ${quote(name)}`);
    names.add(name);
  }
  return {
    internalHosts: internalHostsOf(change.internalHosts),
    deny: egressRulesOf("deny", change.deny),
    proxies: proxies.map(checkedProxy),
  };
}

/** Whether a proxy carries a container: it names it, its labels are the container's, or it carries all. */
export function carries(
  proxy: Pick<EgressProxy, "containers" | "labels">,
  container: { name: string; labels: Record<string, string> },
): boolean {
  if (carriesAll(proxy)) return true;
  if (proxy.containers.includes(container.name)) return true;
  const isByLabel = Object.keys(proxy.labels).length > 0;
  return isByLabel && hasLabels(container.labels, proxy.labels);
}

/** Whether a proxy carries every container. */
export function carriesAll({
  containers,
  labels,
}: Pick<EgressProxy, "containers" | "labels">): boolean {
  return containers.length === 0 && Object.keys(labels).length === 0;
}

/** What a host must know: no passwords of proxies that carry none of its containers, and no other containers' names. */
export function egressFor(
  subscription: Subscription,
  state: EgressState,
): EgressState {
  if (subscription.kind === "all") return state;
  const proxies = state.proxies.flatMap((proxy) => {
    if (carriesAll(proxy)) return [proxy];
    const containers = proxy.containers.filter((name) =>
      subscription.containers.has(name),
    );
    // Which containers have the labels may change at any time.
    const isByLabel = Object.keys(proxy.labels).length > 0;
    return isByLabel || containers.length > 0 ? [{ ...proxy, containers }] : [];
  });
  return { ...state, proxies };
}

/** Hosts follow no name to an address of their own: such a rule would stand there and open nothing. */
function internalHostsOf(rules: string[]): string[] {
  const spelled = egressRulesOf("internal_hosts", rules);
  for (const rule of spelled) {
    const found = loopbackNamePattern.exec(rule);
    if (!found) continue;
    const [, port = ""] = found;
    throw new AnnexError(
      "invalid",
      `internal_hosts: ${quote(rule)} opens nothing, for a name never leads to a host's own addresses: give the address, 127.0.0.1${port} or ${port ? `[::1]${port}` : "::1"}`,
    );
  }
  return spelled;
}

/** RFC 6761 keeps these names for the machine itself. */
const loopbackNamePattern = /^(?:.+\.)?localhost(:\d+)?$/;

function checkedProxy(proxy: SecretEgressProxy): SecretEgressProxy {
  const { name, username, password, containers, labels } = proxy;
  const what = `proxy ${quote(name)}`;
  const url = proxyUrlOf(what, proxy.url);
  checkCredential(`${what}: username`, username);
  checkCredential(`${what}: password`, password);
  if (password !== "" && username === "")
    throw new AnnexError("invalid", `${what} has a password and no username`);
  if (username.includes(":"))
    throw new AnnexError("invalid", `${what}: username has a colon in it`);
  if (containers.length > maxContainersPerProxy)
    throw new AnnexError(
      "invalid",
      `${what} names ${containers.length} containers: at most ${maxContainersPerProxy} are allowed; choose them by label`,
    );
  containers.forEach(checkContainerName);
  checkLabels(`${what}: labels`, labels);
  return {
    name,
    url,
    username,
    password,
    containers: [...new Set(containers)],
    labels,
    addresses: addressesOf(`${what}: addresses`, proxy.addresses),
  };
}

const urlForm = /^(http|https|socks5):\/\/(\[[^\]]*\]|[^:/[\]]*):(\d+)\/?$/i;

/** The message does not repeat the URL: somebody may have put a password into it. */
function proxyUrlOf(what: string, text: string): string {
  if (text.includes("@"))
    throw new AnnexError(
      "invalid",
      `${what}: url must not hold credentials: use username and password`,
    );
  if (text.length > maxUrlCharacters)
    throw new AnnexError(
      "invalid",
      `${what}: url has ${text.length} characters: at most ${maxUrlCharacters} are allowed`,
    );
  const [, scheme, hostText = "", portText = ""] = urlForm.exec(text) ?? [];
  const host = hostOf(hostText.replaceAll(/^\[|\]$/g, ""));
  const port = portOf(portText);
  const isBracketed = hostText.startsWith("[");
  if (!scheme || !host || !port || isBracketed !== host.includes(":"))
    throw new AnnexError(
      "invalid",
      `${what}: url must be http://, https:// or socks5:// with host and port and nothing else, like socks5://proxy.example.com:1080`,
    );
  return `${scheme.toLowerCase()}://${isBracketed ? `[${host}]` : host}:${port}`;
}

/** The message does not repeat the value: it may be a password. */
function checkCredential(what: string, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes > maxCredentialBytes)
    throw new AnnexError(
      "invalid",
      `${what} is ${bytes} bytes: at most ${maxCredentialBytes} are allowed`,
    );
  if (/\p{Cc}/u.test(value))
    throw new AnnexError("invalid", `${what} has control characters in it`);
}
