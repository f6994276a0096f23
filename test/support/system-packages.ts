/** Sees to it that what the tests need of the system is there: installs it where it may, otherwise says how and fails. */
import { spawnSync } from "node:child_process";

interface SystemPackage {
  command: string;
  name: string;
}

const needed: SystemPackage[] = [{ command: "bwrap", name: "bubblewrap" }];

function main(): void {
  // Walls are Linux'. Elsewhere their tests say for themselves that they cannot hold.
  if (process.platform !== "linux") return;
  const missing = needed.filter(({ command }) => !hasCommand(command));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(" ");
  if (mayInstall()) {
    run("apt-get update"); // where it fails, what is known may do
    run(`apt-get install -y ${names}`);
  }
  if (missing.every(({ command }) => hasCommand(command))) return;
  console.error(`\nThe tests need ${names}. Run this, then the tests again:\n`);
  console.error(`  ${howTo(names)}\n`);
  process.exitCode = 1;
}

function hasCommand(command: string): boolean {
  const shell = ["-c", 'command -v "$1"', "sh", command];
  return spawnSync("/bin/sh", shell).status === 0;
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && hasCommand("apt-get");
}

function run(step: string): void {
  console.error(`+ ${step}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const [command = "", ...rest] = step.split(" ");
  spawnSync(command, rest, { stdio: "inherit", env });
}

function howTo(names: string): string {
  if (hasCommand("apt-get"))
    return `sudo sh -c 'apt-get update && apt-get install -y ${names}'`;
  if (hasCommand("dnf")) return `sudo dnf install -y ${names}`;
  if (hasCommand("apk")) return `sudo apk add ${names}`;
  return `(your system's way to install ${names})`;
}

main();
