import type { AnnotationProperties } from '../../src/action/annotations.ts';
import type { Log } from '../../src/action/log.ts';
import type { PrivateFolder } from '../../src/action/private-folder.ts';

/** A log that keeps what it is told: `info: text`. */
export function recordingLog(): Log & { readonly said: string[] } {
  const said: string[] = [];
  return {
    said,
    info: (line) => void said.push(`info: ${line}`),
    warning: (text, properties) => void said.push(annotated('warning', text, properties)),
    error: (text, properties) => void said.push(annotated('error', text, properties)),
    startGroup: (name) => void said.push(`group: ${name}`),
    endGroup: () => void said.push('endgroup'),
    setSecret: (value) => void said.push(`mask: ${value}`),
  };
}

/** `warning file:line:column title: text`. */
function annotated(kind: string, text: string, properties: AnnotationProperties): string {
  const { file, startLine, startColumn, title } = properties;
  const place = [file, startLine, startColumn].filter((part) => part !== undefined).join(':');
  return `${[kind, place, title].filter(Boolean).join(' ')}: ${text}`;
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
