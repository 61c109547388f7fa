/** Characters of a line that every terminal has. */
export const lineWidth = 80;

/**
 * Terms with what is said of them beside, wrapped to the width of a line and indented by two.
 * @param gap column at which the right side starts
 */
export function columns(rows: readonly (readonly [term: string, text: string])[], gap: number) {
  return rows
    .flatMap(([term, text]) => {
      const lines = wrap(text, lineWidth - gap);
      const left = `  ${term}`;
      if (left.length > gap - 2) return [left, ...lines.map((line) => ' '.repeat(gap) + line)];
      return lines.map((line, index) => (index === 0 ? left : '').padEnd(gap) + line);
    })
    .join('\n');
}

/** Breaks at spaces; a word that is longer than a line stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
