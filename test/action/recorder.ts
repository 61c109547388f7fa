import type { Log } from '../../src/action/log.ts';
import type { PrivateFolder } from '../../src/action/private-folder.ts';

/** A log that keeps what it is told: `info: text`. */
export function recordingLog(): Log & { readonly said: string[] } {
  const said: string[] = [];
  return {
    said,
    info: (line) => void said.push(`info: ${line}`),
    warning: (text) => void said.push(`warning: ${text}`),
    startGroup: (name) => void said.push(`group: ${name}`),
    endGroup: () => void said.push('endgroup'),
    setSecret: (value) => void said.push(`mask: ${value}`),
  };
}

/** Keeps secrets in memory: a test looks at what was kept, under `/private`. */
export function recordingFolder(): PrivateFolder & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    path: '/private',
    kept,
    keep: async (name, content) => {
      kept.set(name, content);
      return `/private/${name}`;
    },
  };
}
