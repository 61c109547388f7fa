#!/bin/sh
# Installs a bundle made by airgap-bundle on a host behind the air gap. Needs no Node: POSIX sh, openssl,
# and of oras, kubectl and helm those that the steps use; oras may come in the bundle.
#
# Nothing of a bundle is written into this text. What the script knows of one it reads from the bundle's own
# flat tables, after openssl has accepted the signature over bundle.json and the table's hash hangs on that.
# Credentials go through files that only this user can read; never through arguments, never through eval.
set -euf
umask 077
LC_ALL=C
export LC_ALL
unset CDPATH TAR_OPTIONS IFS
# helm must not speak to another cluster than kubectl.
unset HELM_KUBECONTEXT HELM_KUBEAPISERVER HELM_KUBETOKEN HELM_KUBEASUSER HELM_KUBEASGROUPS HELM_KUBECAFILE
unset HELM_KUBETLS_SERVER_NAME HELM_KUBEINSECURE_SKIP_TLS_VERIFY HELM_NAMESPACE
newline='
'

usage() {
  cat <<'END'
Usage: sh install.sh BUNDLE --key PUB [options]

BUNDLE is NAME-VERSION.tar, also when that lies in parts (NAME-VERSION.tar.001 and on): they are read in place.

Checks the bundle's signature, puts its images into the target registry, applies the Secret registry-info in
jet-system, installs the image-swap chart and reads MIRROR_REGISTRIES back. Tools, login, permissions, namespaces, what
is there already and whether the chart takes its values are looked at before anything is changed. It may be run again
at any time: what is as it should be is not written, what was begun is finished.

  --key PUB                  public key in PEM that may have signed the bundle; may be given more than once
  --revoked ID|FILE          key whose signatures are refused: its id, its .pub, or a file with an id a line; may
                             be given more than once
  --username U               what the cluster pulls with, into the Secret registry-info, the pull Secret of our own
                             chart, the values of others; without it the bundle's is taken, if it carries one, else
                             that of the cluster's Secret is kept
  --password-file FILE         its password (or AIRGAP_BUNDLE_PASSWORD)
  --identity FILE            key of age that opens the pull credential of a bundle that carries it encrypted
  --push-username U          who pushes the images; default: the login of docker or oras on this host
  --push-password-file FILE    its password (or AIRGAP_BUNDLE_PUSH_PASSWORD)
  --site FILE                YAML that names the target as it is called at this site (ociImageRegistry: ...), where
                             that is not as the bundle says; needs Node, and is not signed
  --only STEP[,STEP]         only these of verify, load, secret, chart, check; verifying is always done. A check that
                             is named here also looks for every image in the registry, which needs oras
  --skip STEP[,STEP]         all of load, secret, chart, check but these (not together with --only)
  --write-nodes DIR          instead of all steps: write the containerd configuration for nodes (nodes/ of the bundle)
                             into the new folder DIR, with what --username and --password-file say, for this user alone
  --dry-run                  verify, then print what would be run; contacts nothing
  --yes                      do not ask: write over a Secret that has further keys, take over a helm release that
                             is pending. Without it, it asks on a terminal, and elsewhere leaves those two alone
  --wait                     wait until the chart's workloads are ready, 5 minutes at most
  --create-namespace         create the namespaces that are missing
  --namespace NS             of the chart's release, and of the note of what is installed; default: default
  --kubeconfig FILE          for kubectl and helm
  --context NAME             for kubectl and helm
  --uninstall                take away what this script put into the cluster: the webhook first, the release, the
                             Secret, the note. Namespaces and images stay, and a Secret that it never wrote
  --allow-unsigned           take a bundle without a signature
  --allow-expired            take a bundle whose dates do not fit the clock
  --allow-downgrade          replace a newer bundle, or another one of the same version
  --allow-plain-http-credentials
                             send the push password over plain HTTP to a host that is not this one

With Node 20.18.1 or newer every byte of the bundle is verified before anything is pushed. Without it, the
inventory and the files are verified and blobs are checked by digest while they are pushed.

Exit codes: 0 done, 2 usage, 3 tool missing or too old, 4 signature, 5 integrity, 6 expired or older than the
installed bundle, 7 login refused, 8 refused by the registry, 9 run again to resume, 10 local file, 11 cluster (not there, not
allowed, a namespace that is missing, a Secret of somebody else, a chart that helm cannot install),
130 stopped, or not confirmed.
END
}

main() {
  take_variables
  # No program may run before that, and some shells have no printf of their own.
  tab=$(printf '\t')
  make_private_folder
  read_arguments "$@"
  require_tool openssl awk sed tr fold cmp od date dd
  remove_left_over
  keep_logins
  read_keys
  read_revoked
  verify_bundle
  read_settings
  read_pull_secret_settings
  check_dates
  choose_steps
  check_tools
  take_carried_credential
  if asks_registry; then write_registry_config; fi
  show_plan
  if [ "$uninstall" = yes ]; then
    uninstall
    return
  fi
  if [ -n "$nodes" ]; then
    write_nodes
    return
  fi
  if [ "$dry_run" = yes ] || [ "$steps" = ' ' ]; then verify_whole; fi
  if uses_cluster; then look_at_cluster; fi
  confirm
  if wanted load; then load_images; elif asks_registry; then check_placements; fi
  change_cluster
  if wanted check; then
    check_secret
    check_webhook
    tell_unasked
  fi
  if [ "$dry_run" = yes ]; then say 'Nothing was changed (--dry-run).'; else say 'Done.'; fi
}

# The note comes last: what is not done is not written down.
change_cluster() {
  if ! writes_cluster; then return; fi
  create_namespaces
  if wanted secret; then apply_secret; fi
  if wanted chart; then
    apply_pull_secret
    install_chart
  fi
  record_bundle
}
