# kube run|show …: kubectl with the cluster that was asked for.
kube() {
  how=$1
  shift
  if [ -n "$context" ]; then set -- --context "$context" "$@"; fi
  if [ -n "$kubeconfig" ]; then set -- --kubeconfig "$kubeconfig" "$@"; fi
  if [ "$how" = show ]; then show_command kubectl "$@"; else kubectl --request-timeout=60s "$@"; fi
}

# Server-side, because a client-side apply would copy the password into an annotation.
# kube_apply KIND NAME NAMESPACE
kube_apply() {
  kube "$mode" apply --server-side --field-manager=airgap-bundle --force-conflicts --filename - \
    < "$private/$1" > "$private/applied" ||
    fail 11 "kubectl could not apply the $1 $2 in $3" '' 'check that you may write it, and run again'
  cat "$private/applied"
  if [ "$dry_run" = yes ]; then say "    with the $1 $2 in $3"; fi
}
