import type { InventoryHead } from './tables.ts';

/**
 * `README.txt`: what the file is, how to check it without our tools, how to install it.
 * @param carried the platforms that it has oras for
 */
export function readmeText(inventory: InventoryHead, carried: readonly string[] = []): Buffer {
  const { name, version, target, images } = inventory;
  const isAirgap = target.environment === 'airgap';
  const oras = `oras 1.3.6 or newer${carried.length > 0 ? ` (in here for ${carried.join(', ')})` : ''}`;
  const tools = `${oras}, kubectl${isAirgap ? ', helm 3.13 or newer' : ''}`;
  const steps = `load, secret${isAirgap ? ', chart' : ''} and check`;
  const file = `${name}-${version}.tar`;
  const own = images.filter(({ referrer }) => !referrer);
  const placements = own.reduce((count, image) => count + image.placements.length, 0);
  const content = inventory.imagesNotEmbedded
    ? `${own.length} images are expected in ${target.endpoint} already; this bundle does not carry them`
    : `${own.length} images for ${placements} references in ${target.endpoint}`;
  return Buffer.from(`${name} ${version}
${'='.repeat(name.length + version.length + 1)}

This file, ${file}, holds what a cluster behind an air gap needs to pull its images from
${target.endpoint}: ${content}; the Secret registry-info${isAirgap ? '; the image-swap chart and its values' : ''};
and the containerd configuration that the nodes should show (nodes/).
${baseText(inventory)}It was made at ${inventory.createdAt}${inventory.expiresAt ? ` and expires at ${inventory.expiresAt}` : ''} (sequence ${inventory.sequence}).
${credentialText(inventory)}

Install
-------
Get install.sh and the public key by another way than this file: a script in the bundle cannot vouch for
the bundle. Then, on a host that reaches the registry and the cluster (tools: ${tools}):

    sh install.sh ${file} --key KEY.pub --dry-run
    sh install.sh ${file} --key KEY.pub${credentialFlags(inventory)}

--username and --password-file are what the cluster pulls with; without them ${withoutFlags(inventory)}.
Whoever pushes logs in to the registry with oras or docker before, or gives --push-username
and --push-password-file. The namespace jet-system must exist, or give --create-namespace. --dry-run contacts
nothing; --only and --skip choose among the steps ${steps}. It may be run again at any time, and
--uninstall takes away what it put into the cluster. More: sh install.sh --help
${isAirgap ? optInText : ''}
With Node 20.18.1 or newer on the host, every byte is verified before anything is pushed. Without it, blobs are
checked by digest while they are pushed, and those that the registry has already are not read; to check all of
them first:

    sh install.sh ${file} --key KEY.pub --only verify

A bundle in parts (${file}.001 and on) goes by the
same name everywhere; only tar below wants one file: cat ${file}.[0-9]* > ${file}

Check the signature by hand
---------------------------
    tar -xOf ${file} bundle.json > bundle.json
    tar -xOf ${file} bundle.sig > bundle.sig
    openssl base64 -d -A -in bundle.sig -out bundle.sig.bin

An Ed25519 key, OpenSSL 3:
    openssl pkeyutl -verify -rawin -pubin -inkey KEY.pub -sigfile bundle.sig.bin -in bundle.json
An ECDSA P-256 key, any OpenSSL:
    openssl dgst -sha256 -verify KEY.pub -signature bundle.sig.bin bundle.json
cosign, without a network (cosign 3 also wants --new-bundle-format=false):
    cosign verify-blob --key KEY.pub --signature bundle.sig --insecure-ignore-tlog=true bundle.json

bundle.json names every other part with its SHA-256. The parts apart from the images are in SHA256SUMS too,
and its own hash is in bundle.json:
    grep '"path":"SHA256SUMS"' bundle.json
    mkdir unpacked && tar -xf ${file} -C unpacked && (cd unpacked && sha256sum -c SHA256SUMS)

What is in it, as an SBOM: sbom.cdx.json (CycloneDX 1.6) and sbom.spdx.json (SPDX 2.3), both covered by the signature.
The file is an OCI image layout in a tar: oras, skopeo, podman and ctr read it as it is.
`);
}

function credentialText({ credentials }: InventoryHead): string {
  if (credentials === 'embed')
    return `
THE PULL PASSWORD OF THE CLUSTER IS IN THIS FILE IN CLEAR TEXT (credentials.tsv). Treat the file, and every copy of
it, as you treat the password; when one gets lost, change the password. --username and --password-file win over it.`;
  if (credentials === 'age')
    return `
The pull credential of the cluster is in it (credentials.tsv.age), encrypted by age: --identity FILE names the key
that opens it, which needs the age tool on this host. --username and --password-file win over it. By hand:
    age --decrypt --identity FILE credentials.tsv.age`;
  return 'No credentials are in it.';
}

function withoutFlags({ credentials }: InventoryHead): string {
  if (credentials) return 'the credential in this file is used';
  return "the credential that the\ncluster's Secret has is kept";
}

function credentialFlags({ credentials }: InventoryHead): string {
  if (credentials === 'embed') return '';
  return credentials === 'age' ? ' --identity FILE' : ' --username USER --password-file FILE';
}

const optInText = `
image-swap rewrites the images of pods in the namespaces that ask for it:

    kubectl label namespace NAME k8s.twr.io/imageswap=enabled
`;

/** A delta says so where a person looks first. */
function baseText({ base }: InventoryHead): string {
  if (!base) return '';
  return `It builds on ${base.name} ${base.version}, which must have been loaded before: ${base.blobs.length} blobs that came
with that are not in here, so the OCI layout is not complete by itself.
`;
}
