/** What runs behind the walls, and what it must find there. */
import { executorNodeFlags } from "../executor-flags.ts";

export interface Program {
  /** Its bundle, which Node runs. */
  file: string;
  nodeFlags: readonly string[];
  /** Packages it loads beside its bundle. Each is looked up from the one before it, which requires it. */
  packages: readonly PackageFiles[];
  /** Files of the host that it reads, at their own paths; those that do not exist are left out. */
  hostFiles: readonly string[];
  /** Whether it may connect outward. */
  hasNetwork: boolean;
}

/** Of a package, the files and folders that are needed when it runs. */
export interface PackageFiles {
  name: string;
  paths: readonly string[];
}

/** The executor: customers' code, and no way out but its pipe. */
export function executorProgram(file: string): Program {
  return {
    file,
    nodeFlags: executorNodeFlags,
    packages: executorPackages,
    hostFiles: [],
    hasNetwork: false,
  };
}

/** The broker: the network and what names are resolved by, and no code of customers. */
export function brokerProgram(file: string): Program {
  return {
    file,
    // What it leaves on stderr is told as the reason of its end: undici's SOCKS is experimental, and says so.
    nodeFlags: ["--disable-warning=ExperimentalWarning"],
    packages: [],
    hostFiles: resolverFiles,
    hasNetwork: true,
  };
}

const executorPackages: PackageFiles[] = [
  {
    name: "isolated-vm",
    paths: [
      "package.json",
      "isolated-vm.js",
      `prebuilds/${process.platform}-${process.arch}`,
    ],
  },
  {
    name: "node-gyp-build",
    paths: ["package.json", "index.js", "node-gyp-build.js"],
  },
];

/** What libc reads to resolve a name. */
const resolverFiles = [
  "/etc/resolv.conf",
  "/etc/hosts",
  "/etc/nsswitch.conf",
  "/etc/gai.conf",
];
