/**
 * A line for the log that the runner cannot read as a workflow command: names and error texts come from
 * registries and lists that strangers write.
 */
export function harmless(line: string): string {
  return line.replace(
    /^(\s*)(::|##\[)/gm,
    (_, space: string, mark: string) => `${space}${mark[0]} ${mark.slice(1)}`,
  );
}
