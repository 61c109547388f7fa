import { toolPath } from './tools.ts';

/** Words before a command: every program that it starts is written to `file`, with its arguments and environment whole. */
export function watchingPrograms(file: string, ...flags: string[]): string[] {
  const whole = ['-v', '-s', '65535'];
  return [toolPath('strace'), '-f', '-qq', ...whole, '-e', 'trace=execve', ...flags, '-o', file];
}
