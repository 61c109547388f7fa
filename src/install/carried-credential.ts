import type { InstallFile } from './files.ts';

/** The pull credential in clear text, and as age has encrypted it. */
export const credentialPaths = { embed: 'credentials.tsv', age: 'credentials.tsv.age' } as const;

/**
 * `credentials.tsv`: the lines `username` and `password`, each with its value in base64. A line feed or tab in a
 * password cannot be mistaken for one of the table.
 */
export function credentialTable(username: string, password: string): Buffer {
  const rows = Object.entries({ username, password }).map(
    ([key, value]) => `${key}\t${Buffer.from(value).toString('base64')}\n`,
  );
  return Buffer.from(rows.join(''));
}

export function credentialFile(how: keyof typeof credentialPaths, bytes: Buffer): InstallFile {
  return { path: credentialPaths[how], bytes, mode: 0o644 };
}
