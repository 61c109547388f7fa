import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc; 100 on every Linux that people use. */
const ticks = 100;
const page = 4096;

export interface TreeFigures {
  /** Most bytes resident at a time, summed over the tree; shared pages count in each process. */
  readonly peakMemory: number;
  /** Most bytes resident in any single process, by the command's name. */
  readonly memoryOf: Readonly<Record<string, number>>;
  /** CPU seconds by the command's name; what a process did after its last sample is missing. */
  readonly cpuOf: Readonly<Record<string, number>>;
}

/** Watches a process and all it starts, which stay in its session; the root itself is not counted. */
export class ProcessTree {
  readonly #session: number;
  readonly #foreign = new Set<string>();
  readonly #seen = new Map<string, { name: string; cpu: number; memory: number }>();
  #peak = 0;

  /** @param session id of a process started `detached`, which leads its session */
  constructor(session: number) {
    this.#session = session;
  }

  /** Takes a sample; call it every few dozen milliseconds. */
  sample(): void {
    let memory = 0;
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid) || this.#foreign.has(pid) || pid === String(this.#session)) continue;
      const stat = statOf(pid);
      if (stat === undefined) continue;
      if (stat.session !== this.#session) this.#foreign.add(pid);
      else memory += this.#note(pid, stat);
    }
    this.#peak = Math.max(this.#peak, memory);
  }

  figures(): TreeFigures {
    const memoryOf: Record<string, number> = {};
    const cpuOf: Record<string, number> = {};
    for (const { name, cpu, memory } of this.#seen.values()) {
      memoryOf[name] = Math.max(memoryOf[name] ?? 0, memory);
      cpuOf[name] = (cpuOf[name] ?? 0) + cpu;
    }
    return { peakMemory: this.#peak, memoryOf, cpuOf };
  }

  #note(pid: string, { name, cpu, memory }: Stat): number {
    const before = this.#seen.get(pid)?.memory ?? 0;
    this.#seen.set(pid, { name, cpu, memory: Math.max(before, memory) });
    return memory;
  }
}

/** CPU seconds so far of the one process whose command line has this part. */
export function cpuOfProcess(commandLinePart: string): number {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue;
    if (textOf(`/proc/${pid}/cmdline`)?.includes(commandLinePart)) return statOf(pid)?.cpu ?? 0;
  }
  throw new Error(`no process has ${commandLinePart} in its command line`);
}

interface Stat {
  readonly name: string;
  readonly session: number;
  readonly cpu: number;
  readonly memory: number;
}

/** proc(5), `/proc/PID/stat`; the name is in brackets and may hold anything. */
function statOf(pid: string): Stat | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    session: field(6),
    cpu: (field(14) + field(15)) / ticks,
    memory: field(24) * page,
  };
}

/** Undefined: the process is gone. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
