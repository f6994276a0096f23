/** What of this host any Node program needs to run: the binary and the shared libraries it is linked with. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

export interface SystemFiles {
  node: string;
  /** The dynamic loader and the libraries, at the paths the loader knows. */
  libraries: readonly string[];
  /** Libraries that libc loads by itself when it resolves a name. */
  resolverLibraries: readonly string[];
}

/** Asks the running Node: it is the one that runs behind the walls. */
export function findSystemFiles(): SystemFiles {
  const libraries = sharedObjects().filter(
    (file) => file.startsWith("/") && !file.endsWith(".node"),
  );
  const folders = new Set(libraries.map((file) => dirname(file)));
  return {
    node: realpathSync(process.execPath),
    libraries,
    resolverLibraries: [...folders].flatMap(resolverLibrariesIn),
  };
}

/** What of Node's diagnostic report is asked for here; its types lack these. */
interface Report {
  excludeNetwork: boolean;
  excludeEnv: boolean;
  getReport(): { sharedObjects: string[] };
}

/** The report would also list the environment, and every network interface with a look-up of its name. */
function sharedObjects(): string[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- documented, but not in Node's types
  const report = process.report as unknown as Report;
  const { excludeNetwork, excludeEnv } = report;
  try {
    Object.assign(report, { excludeNetwork: true, excludeEnv: true });
    return report.getReport().sharedObjects.filter(existsSync);
  } finally {
    Object.assign(report, { excludeNetwork, excludeEnv });
  }
}

function resolverLibrariesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^lib(nss_(files|dns)|resolv)[.-]/.test(name))
    .map((name) => join(folder, name));
}
