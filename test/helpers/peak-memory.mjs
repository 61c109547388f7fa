// Loaded into the program with `node --import`: writes the most memory that the process had resident to a file.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  process.on('exit', () => {
    const status = readFileSync('/proc/self/status', 'latin1');
    const kibibytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
    writeFileSync(process.env.PEAK_MEMORY_FILE, String(1024 * kibibytes));
  });
}
