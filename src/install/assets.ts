import { basename, join } from 'node:path';

/** Folder of the built programs: this file's own once it is built, else `dist/` of the checkout. */
export function distFolder(): string {
  const here = import.meta.dirname;
  return basename(here) === 'dist' ? here : join(here, '../../dist');
}

/** Path of the installer that goes into every bundle, the same bytes for each bundle of a tool version. */
export function installScriptPath(): string {
  return join(distFolder(), 'install.sh');
}

/** Path of the command line program that a bundle carries for jump hosts that have Node. */
export function programPath(): string {
  return join(distFolder(), 'bundle.js');
}

/** Path of our own image-swap chart, which is installed where bundle.yaml names none. */
export function defaultChartPath(): string {
  return join(distFolder(), 'image-swap-1.5.3.tgz');
}
