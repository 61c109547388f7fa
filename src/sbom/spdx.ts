import type { Contents, Item } from './contents.ts';
import { documentId, hashOf, printDocument } from './document.ts';

/** The contents as SPDX 2.3 in JSON (spdx.github.io/spdx-spec/v2.3). */
export function spdx(contents: Contents): string {
  const { name, version, items, createdAt, tool } = contents;
  const ids = new Map(items.map(({ id }, at) => [id, `SPDXRef-${at + 1}`]));
  return printDocument({
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: document,
    name: `${name}-${version}`,
    documentNamespace: `https://spdx.org/spdxdocs/${name}-${version}-${documentId(contents)}`,
    creationInfo: { created: createdAt, creators: [`Tool: ${tool.name}-${tool.version}`] },
    packages: [bundlePackage(contents), ...items.map((item) => itemPackage(item, ids))],
    relationships: [
      relationship(document, 'DESCRIBES', bundle),
      ...items.map((item) => relationship(bundle, fromBundle(item), idOf(item.id, ids))),
      ...items.flatMap(({ id, attachedTo }) =>
        attachedTo.map((subject) => relationship(idOf(id, ids), 'METAFILE_OF', idOf(subject, ids))),
      ),
    ],
  });
}

const document = 'SPDXRef-DOCUMENT';
const bundle = 'SPDXRef-Bundle';

const purposes = {
  image: 'CONTAINER',
  artifact: 'OTHER',
  chart: 'INSTALL',
  file: 'FILE',
  base: 'ARCHIVE',
} as const satisfies Record<Item['kind'], string>;

function bundlePackage({ name, version, purl }: Contents) {
  return {
    SPDXID: bundle,
    name,
    versionInfo: version,
    packageFileName: `${name}-${version}.tar`,
    ...unknown,
    externalRefs: [packageUrl(purl)],
    primaryPackagePurpose: 'ARCHIVE',
  };
}

/** A file is a package as well: what SPDX calls a file needs its SHA-1, which no inventory has. */
function itemPackage(item: Item, ids: ReadonlyMap<string, string>) {
  const { id, kind, name, version, purl, digest, madeFrom } = item;
  return {
    SPDXID: idOf(id, ids),
    name,
    ...(version === undefined ? {} : { versionInfo: version }),
    ...(kind === 'file' ? { packageFileName: name } : {}),
    ...unknown,
    ...(digest === undefined ? {} : { checksums: [checksum(digest)] }),
    ...(purl === undefined ? {} : { externalRefs: [packageUrl(purl)] }),
    ...(madeFrom === undefined ? {} : { sourceInfo: `platforms chosen from ${madeFrom}` }),
    primaryPackagePurpose: purposes[kind],
    comment: item.facts.map(([fact, value]) => `${fact}: ${value}`).join('\n'),
  };
}

/** Where an image came from is in its purl: a registry has no URL to download one by. What is inside was not looked at. */
const unknown = { downloadLocation: 'NOASSERTION', filesAnalyzed: false };

function checksum(digest: NonNullable<Item['digest']>) {
  const { alg, content } = hashOf(digest);
  return { algorithm: alg.replace('-', ''), checksumValue: content };
}

function packageUrl(purl: string) {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl };
}

function fromBundle({ isCarried }: Item): string {
  return isCarried ? 'CONTAINS' : 'DEPENDS_ON';
}

function relationship(from: string, relationshipType: string, to: string) {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

function idOf(id: string, ids: ReadonlyMap<string, string>): string {
  const found = ids.get(id);
  if (found === undefined) throw new Error(`nothing has the id ${id}`);
  return found;
}
