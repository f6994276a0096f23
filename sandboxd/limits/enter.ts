/** The small program that puts itself into its place and then becomes another. */

export interface Place {
  /** The control groups to enter. */
  groupFolders: readonly string[];
  /** Descriptors it may have open. */
  maxOpenFiles: number;
  /** How much it gives way to other processes, 0 to 19. */
  nice?: number;
}

/** Its exit code where it could not enter: it has then not become the command. */
export const cannotEnterCode = 121;

/** Where memory runs out all the same, the kernel takes executors first. */
const oomScore = 1000;

/** The argv that enters the place and becomes `command`. It is a shell, for Node can neither set limits nor exec. */
export function enterCommand(
  place: Place,
  command: readonly string[],
): string[] {
  const { groupFolders } = place;
  const steps = [
    ...groupFolders.map(
      (_, index) => `echo $$ >"\${${index + 1}}/cgroup.procs"`,
    ),
    `ulimit -n ${place.maxOpenFiles}`,
    "ulimit -c 0",
  ];
  const script = [
    ...steps.map((step) => `${step} || exit ${cannotEnterCode}`),
    `(echo ${oomScore} >"/proc/$$/oom_score_adj") 2>/dev/null`,
    `shift ${groupFolders.length}`,
    ...(place.nice
      ? [`command -v nice >/dev/null && exec nice -n ${place.nice} "$@"`]
      : []),
    'exec "$@"',
  ].join("\n");
  return ["/bin/sh", "-c", script, "annex", ...groupFolders, ...command];
}
