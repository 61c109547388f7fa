import type { Readable } from 'node:stream';
import { text as read } from 'node:stream/consumers';
import type { Context } from '../../src/context.ts';

/** What a door would hand in, with an empty environment. */
export function context(with_: Partial<Context> = {}): Context {
  return {
    env: {},
    cwd: '/',
    temporary: '/nonexistent',
    now: () => new Date(),
    signal: new AbortController().signal,
    emit: () => {},
    ...with_,
  };
}

export function text(body: Readable): Promise<string> {
  return read(body);
}
