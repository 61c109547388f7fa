import type { Contents, Item } from './contents.ts';
import { documentId, hashOf, printDocument } from './document.ts';

/** The contents as CycloneDX 1.6 in JSON (cyclonedx.org/docs/1.6/json). */
export function cycloneDx(contents: Contents): string {
  const { items, createdAt, tool } = contents;
  return printDocument({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${documentId(contents)}`,
    version: 1,
    metadata: {
      timestamp: createdAt,
      tools: { components: [{ type: 'application', ...tool }] },
      component: bundleComponent(contents),
    },
    components: items.map(component),
    dependencies: [
      { ref: contents.purl, dependsOn: items.map(({ id }) => id) },
      ...items.filter(({ attachedTo }) => attachedTo.length > 0).map(dependency),
    ],
    // Nothing else is in the bundle; what is inside of the images is not said here.
    compositions: [{ aggregate: 'complete', dependencies: [contents.purl] }],
  });
}

function bundleComponent({ purl, name, version }: Contents) {
  const mime = { 'mime-type': 'application/x-tar' };
  return { type: 'file', 'bom-ref': purl, name, version, purl, ...mime };
}

const types = {
  image: 'container',
  artifact: 'file',
  chart: 'application',
  file: 'file',
  base: 'file',
} as const satisfies Record<Item['kind'], string>;

function component(item: Item) {
  const { id, kind, name, version, purl, digest, madeFrom } = item;
  return {
    type: types[kind],
    'bom-ref': id,
    name,
    ...(version === undefined ? {} : { version }),
    ...(digest === undefined ? {} : { hashes: [hashOf(digest)] }),
    ...(purl === undefined ? {} : { purl }),
    ...(madeFrom === undefined
      ? {}
      : { pedigree: { ancestors: [{ type: types[kind], name, purl: madeFrom }] } }),
    properties: properties(item),
  };
}

function properties({ kind, isCarried, facts }: Item) {
  const all = [['kind', kind], ['carried', String(isCarried)], ...facts];
  return all.map(([name, value]) => ({ name: `airgap-bundle:${name}`, value }));
}

/** The only edge that CycloneDX has: what is attached is nothing without what it is attached to. */
function dependency({ id, attachedTo }: Item) {
  return { ref: id, dependsOn: attachedTo };
}
