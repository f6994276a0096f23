/** How bubblewrap is told to build the walls: every argument, and why. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { AnnexError } from "../../proto/errors.ts";
import { filterDescriptor } from "./process.ts";
import type { PackageFiles, Program } from "./program.ts";
import type { SystemFiles } from "./system.ts";

export interface BwrapOptions {
  bwrap: string;
  system: SystemFiles;
  /** Whether the program sees a /proc, with itself alone in it. */
  hasProc: boolean;
}

/** The program's folder behind the walls: nothing there tells where it lies on the host. */
const home = "/app";

/** Nobody, behind the walls as outside. */
export const nobody = 65534;

/** The command that builds the walls and runs `script` behind them. */
export function bwrapCommand(
  program: Program,
  options: BwrapOptions,
  script: readonly string[] = [bundleOf(program)],
): string[] {
  return [
    [options.bwrap],
    namespaces(program),
    view(program, options),
    environment(options.system),
    // Not --new-session: whoever starts this makes a session for all of it. With one more in it, what is killed while the
    // walls are being built was seen to leave the innermost process behind.
    ["--die-with-parent"],
    ["--cap-drop", "ALL"],
    ["--seccomp", `${filterDescriptor}`],
    ["--", join(home, "node"), ...program.nodeFlags, ...script],
  ].flat();
}

/** Where its bundle is behind the walls; whoever lists processes sees which program one is. */
function bundleOf({ file }: Program): string {
  return join(home, basename(file));
}

/** Everything of its own; whoever must connect outward keeps the host's network. */
function namespaces({ hasNetwork }: Program): string[] {
  return [
    ["--unshare-user", "--uid", `${nobody}`, "--gid", `${nobody}`],
    ["--unshare-ipc", "--unshare-pid", "--unshare-cgroup"],
    ["--unshare-uts", "--hostname", "annex"],
    hasNetwork ? [] : ["--unshare-net"],
  ].flat();
}

/** An empty root with the few files the program needs. No /dev: Node was seen to need nothing there, nor in /proc. */
function view(program: Program, { system, hasProc }: BwrapOptions): string[] {
  const { hasNetwork, hostFiles } = program;
  const libraries = hasNetwork
    ? [...system.libraries, ...system.resolverLibraries]
    : system.libraries;
  return [
    ...libraries.flatMap((file) => bind(file, file)),
    ...bind(system.node, join(home, "node")),
    ...bind(resolve(program.file), bundleOf(program)),
    ...packageBinds(program),
    ...hostFiles.filter(existsSync).flatMap((file) => bind(file, file)),
    ...(hasProc ? ["--proc", "/proc", ...readOnly("/proc")] : []),
    // Last of the mounts: without it the root is a file system in memory that can be written to.
    ...readOnly("/"),
    "--chdir",
    home,
  ];
}

function readOnly(path: string): string[] {
  return ["--remount-ro", path];
}

/** Bubblewrap follows links each time, so a library that was upgraded meanwhile is found under its new name. */
function bind(file: string, path: string): string[] {
  return ["--ro-bind", file, path];
}

function packageBinds({ file, packages }: Program): string[] {
  let requirer = resolve(file);
  return packages.flatMap(({ name, paths }: PackageFiles) => {
    requirer = find(`${name}/package.json`, requirer);
    const folder = dirname(requirer);
    return paths.flatMap((path) =>
      bind(join(folder, path), join(home, "node_modules", name, path)),
    );
  });
}

function find(module: string, requirer: string): string {
  try {
    return createRequire(requirer).resolve(module);
  } catch (error) {
    throw new AnnexError(
      "precondition",
      `${requirer} needs ${module} in a node_modules folder above it: put the file where its packages are`,
      { cause: error },
    );
  }
}

/** The loader finds libraries outside its usual folders by this alone: its cache of the others lies in /etc. */
function environment({ libraries }: SystemFiles): string[] {
  const folders = new Set(libraries.map((file) => dirname(file)));
  const path = [...folders].join(":");
  return ["--clearenv", "--setenv", "LD_LIBRARY_PATH", path];
}
