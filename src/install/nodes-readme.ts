import type { NodesInput } from './nodes.ts';

/** `nodes/README.txt`: which of the files a node wants, and where what it pulls with comes from. */
export function nodesReadme({ endpoint, caCert }: NodesInput): string {
  return `What containerd on the workload nodes should show
=================================================

The gateway hands the mirror map on to the clusters that it deploys; these files say what should then stand
on a node. They are for comparing, and for nodes that you set up yourself. There are two spellings, and
containerd's CRI plugin does not start when it finds both:

containerd 1.6 to 2.x, by hosts.toml
    Copy the folder certs.d to /etc/containerd, and merge into /etc/containerd/config.toml the few lines of
        config-path-v2.toml   where that file says version = 2 (containerd 1.x)
        config-path-v3.toml   where it says version = 3 or more (containerd 2.x); the version stays as it is
    "server" is the mirror too, so that nothing falls back to the internet. In the name of a folder a port
    is written HOST_PORT_. Changes below certs.d need no restart.

containerd 1.x, by mirrors
    Merge the tables of config.toml into /etc/containerd/config.toml${caCert === undefined ? '' : ', and copy certs.d/ca.crt'}.
    What the mirror does not have is asked for on the internet: containerd offers no way to stop that.

After a change of config.toml: systemctl restart containerd. Containers go on running.

Each address has the registry API's /v2/ in it, once: containerd uses the path as it is. An address without
it is answered 404.
${loginText(endpoint)}${caCert === undefined ? '' : caText(endpoint)}`;
}

function loginText(endpoint: string): string {
  return `
Pull secrets of pods are not meant for mirrors. If ${endpoint} wants a login to pull, the nodes need it in
these files. The bundle never carries it there; on site

    sh install.sh NAME-VERSION.tar --key KEY.pub --write-nodes DIR --username U --password-file FILE

writes them with it into DIR, mode 0600: on the node, too, nobody but root should read them. It stands as
auth in config.toml and config-path-v2.toml, and as a header in hosts.toml. containerd 1.x sends that header to
the registry, but not to a token service: there config-path-v2.toml is what logs in. containerd 2.x needs the
header alone.
`;
}

function caText(endpoint: string): string {
  return `
The certificate of ${endpoint} is signed by an own CA: certs.d/ca.crt, which the files name by its place.
`;
}
