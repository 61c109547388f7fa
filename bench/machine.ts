import { availableParallelism, release, totalmem, type } from 'node:os';

/** Its shape, without names. */
export const machine = (): string =>
  `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB memory, ${type()} ${release().split('.', 2).join('.')}, Node ${process.versions.node}`;

export const today = (): string => new Date().toISOString().slice(0, 10);
