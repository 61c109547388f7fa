import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether node_modules is absent or not what package-lock.json says. npm keeps its own account of
 * what it installed in node_modules/.package-lock.json; packages for other systems are not in it.
 *
 * @param {string} root folder of package.json
 */
export function packagesAreStale(root) {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return true;
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(installedFile);
  const missing = [...wanted].some(
    ([path, entry]) => !entry.optional && installed.get(path)?.version !== entry.version,
  );
  const foreign = [...installed].some(
    ([path, entry]) => wanted.get(path)?.version !== entry.version,
  );
  return missing || foreign;
}

/** @returns {Map<string, {version: string, optional?: boolean}>} */
function packagesIn(file) {
  const { packages } = JSON.parse(readFileSync(file, 'utf8'));
  return new Map(Object.entries(packages).filter(([path]) => path !== ''));
}
