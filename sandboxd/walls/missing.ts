/** What to tell whoever starts a sandboxd that can build no walls. */
import { AnnexError } from "../../proto/errors.ts";

export interface Attempt {
  bwrap: string;
  /** What it said; absent: bubblewrap was not found. */
  said?: string;
}

/** Names the thing, the way to get it, and the only way around. */
export function missingWalls({ bwrap, said }: Attempt): AnnexError {
  const problem = said ? refusal(said) : notFound(bwrap);
  return new AnnexError("precondition", `${problem} ${wayAround}`);
}

const wayAround =
  "To run customers' code without walls all the same: --insecure-no-sandbox.";

function notFound(bwrap: string): string {
  if (process.platform !== "linux")
    return `no walls can be built on ${process.platform}: they are made of Linux' namespaces.`;
  return `bubblewrap is missing (no command ${bwrap}): apt-get install bubblewrap, or name another by --bwrap.`;
}

function refusal(said: string): string {
  return `bubblewrap cannot build walls here: it said "${said}". ${adviceOn(said)}`;
}

function adviceOn(text: string): string {
  if (/namespace|uid map|gid map|userns|clone/i.test(text)) return onNamespaces;
  if (/mount|pivot_root|bind/i.test(text)) return onMounts;
  if (/seccomp/i.test(text)) return onSeccomp;
  return "";
}

const onNamespaces =
  "User namespaces are forbidden. On the machine: sysctl -w user.max_user_namespaces=15000," +
  " kernel.unprivileged_userns_clone=1 (Debian), kernel.apparmor_restrict_unprivileged_userns=0 or an AppArmor profile" +
  " for bwrap (Ubuntu). In a container: a seccomp profile that allows clone, unshare, mount, umount2 and pivot_root" +
  " (securityContext.seccompProfile: Unconfined is the simplest), and AppArmor unconfined.";

const onMounts =
  "Mounts are forbidden. In a container: a seccomp profile that allows mount, umount2 and pivot_root" +
  " (securityContext.seccompProfile: Unconfined is the simplest), and AppArmor unconfined.";

const onSeccomp = "The kernel must be built with CONFIG_SECCOMP_FILTER.";
