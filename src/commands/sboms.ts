import { sumsPath } from '../bundle/sums.ts';
import { credentialPaths } from '../install/carried-credential.ts';
import type { InstallFile } from '../install/files.ts';
import type { Inventory } from '../plan/inventory.ts';
import { contentsOf, type SbomForm, sbomPaths } from '../sbom/contents.ts';
import { cycloneDx } from '../sbom/cyclonedx.ts';
import { spdx } from '../sbom/spdx.ts';

/** The sums are over the SBOMs; a credential's hash tells who guesses that he is right, and no plan has it. */
const leftOut: ReadonlySet<string> = new Set([
  ...Object.values(sbomPaths),
  sumsPath,
  ...Object.values(credentialPaths),
]);

/** An SBOM of any bundle or plan: where a bundle has one, these are its bytes, by the version that made it. */
export function printSbom(form: SbomForm, inventory: Inventory): string {
  const contents = contentsOf(inventory, leftOut);
  return form === 'cyclonedx' ? cycloneDx(contents) : spdx(contents);
}

/** Both, as files of a bundle. @param inventory with all other files */
export function sbomFiles(inventory: Inventory): InstallFile[] {
  return Object.entries(sbomPaths).map(([form, path]) => ({
    path,
    bytes: Buffer.from(printSbom(form as SbomForm, inventory)),
    mode: 0o644,
  }));
}
