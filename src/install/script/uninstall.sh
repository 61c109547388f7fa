# What this script put into the cluster, and nothing else: it is looked for first, then told, then taken away.
uninstall() {
  if [ "$dry_run" = yes ]; then
    show_uninstall
    return
  fi
  reach_cluster
  need_to_look_back
  require_permissions
  find_ours
  require_permissions
  if [ -z "$ours" ]; then
    say 'There is nothing of this script in the cluster.'
  else
    say "To be taken away:$ours"
    confirm
    take_away
    say "Done. The images stay in $endpoint."
  fi
  tell_namespaces
}

take_away() {
  if [ "$takes_release" = yes ]; then uninstall_release; fi
  if [ "$takes_lost" = yes ]; then
    delete_webhooks
    delete_leftovers
  fi
  if [ "$takes_pull_secret" = yes ]; then delete_ours secret "$pull_secret_name" "$pull_secret_home"; fi
  case $takes_secret in
    yes) delete_ours secret registry-info jet-system ;;
    keys) drop_keys ;;
    *) ;;
  esac
  if [ "$takes_note" = yes ]; then delete_ours configmap airgap-bundle "$namespace"; fi
}

show_uninstall() {
  if [ "$environment" = airgap ]; then
    say '  the MutatingWebhookConfigurations for the Services of the release go first'
    helm_at uninstall "$release" --namespace "$namespace"
    if [ -n "$pull_secret" ]; then kube show delete secret "$pull_secret_name" --namespace "$pull_secret_home"; fi
  fi
  kube show delete secret registry-info --namespace jet-system
  kube show delete configmap airgap-bundle --namespace "$namespace"
  say 'Nothing was changed (--dry-run).'
}

need_to_look_back() {
  need get secrets '' jet-system registry-info
  need get configmaps '' "$namespace" airgap-bundle
  if [ "$environment" != airgap ]; then return; fi
  need_for_storage list get
  if [ -n "$pull_secret" ]; then need get secrets '' "$pull_secret_home" "$pull_secret_name"; fi
}

find_ours() {
  ours='' takes_release=no takes_lost=no takes_secret=no takes_pull_secret=no takes_note=no pull=no
  read_note
  if [ "$environment" = airgap ]; then find_release; fi
  find_pull_secret
  find_secret
  if [ ! -s "$private/note" ]; then
    refuse_elsewhere
    return
  fi
  takes_note=yes ours="$ours${newline}  ConfigMap airgap-bundle in $namespace"
  need delete configmaps '' "$namespace" airgap-bundle
  others=$(awk -F "$tab" -v name="$name" 'NF > 2 && $2 "" != name "" { printf "%s%s", (n++ ? ", " : ""), $2 }' \
    "$private/note")
  if [ -n "$others" ]; then say "  also installed here, and undone with it: $others"; fi
}

# Without release and note here, the Secrets may be those of a release that runs in another namespace.
refuse_elsewhere() {
  if [ "$takes_release" = yes ] || [ "$environment" != airgap ]; then return; fi
  # Who may not look into all namespaces is not kept from it.
  ask_helm elsewhere list --all-namespaces --filter "^$release\$" || return 0
  elsewhere=$(awk 'NR > 1 { print $2; exit }' "$private/elsewhere")
  if [ -z "$elsewhere" ] || [ -z "$ours" ]; then return; fi
  fail 11 "the release $release is not in $namespace, but in $elsewhere" "--namespace $namespace" \
    "add --namespace $elsewhere"
}

# A release is ours when a revision of it says so, or when none was ever deployed: that is one that was stopped.
find_release() {
  read_release
  look_at_pending
  if [ "$release_status" = none ]; then
    find_lost
    return
  fi
  if [ -n "$good" ] && ! awk '$4 != "-" { found = 1 } END { exit !found }' "$private/revisions"; then
    say "The release $release in $namespace was not installed by this script: it stays (helm uninstall $release)."
    return
  fi
  takes_release=yes ours="$ours${newline}  release $release in $namespace, with its webhook"
  read_manifest manifest
  need_for_storage update delete
  need_for_objects "$private/manifest" get delete
  need list mutatingwebhookconfigurations admissionregistration.k8s.io '' ''
  require_permissions
  find_what_it_made
}

# Neither a webhook that was lost nor the note: somebody made a Secret of that name beforehand.
find_lost() {
  find_lost_webhooks
  need_to_delete_webhooks
  : > "$private/leftovers"
  if [ -s "$private/webhooks" ] || [ -s "$private/note" ]; then find_leftovers; fi
  while read -r webhook _ <&3; do
    takes_lost=yes ours="$ours${newline}  MutatingWebhookConfiguration $webhook, of a release that is gone"
  done 3< "$private/webhooks"
  while read -r kind object home <&3; do
    takes_lost=yes ours="$ours${newline}  $kind $object in $home, of a release that is gone"
  done 3< "$private/leftovers"
}

find_what_it_made() {
  find_webhooks "$private/manifest" ||
    fail 11 'the MutatingWebhookConfigurations cannot be read' "$words" 'see above; then run it again'
  need_to_delete_webhooks
  find_leftovers
}

# The webhook first: left behind it would block every pod. Looked for once more behind helm, for pods that started
# meanwhile: from then on they have no role by which to make it.
uninstall_release() {
  delete_webhooks
  delete_leftovers
  set -- uninstall "$release" --namespace "$namespace"
  if [ "$wait" = yes ]; then set -- "$@" --wait; fi
  ask_helm uninstalled "$@" || fail 11 'helm could not uninstall the release' "$words" 'see above; then run it again'
  say "  release \"$release\" uninstalled"
  find_what_it_made
  delete_webhooks
  delete_leftovers
}

# One that somebody else had made, or has changed since, stays: their pods may pull with it.
find_pull_secret() {
  if [ "$environment" != airgap ] || [ -z "$pull_secret" ]; then return; fi
  read_pull_secret
  if [ ! -s "$private/pull-secret.now" ]; then return; fi
  by=$(writers pull-secret.now airgap-bundle)
  if [ -n "$by" ] || ! is_applied_by_us pull-secret.now; then
    say "The Secret $pull_secret is not of this script alone${by:+, but written by $by}: it stays" \
      "(kubectl delete secret $pull_secret_name --namespace $pull_secret_home)."
    return
  fi
  takes_pull_secret=yes ours="$ours${newline}  Secret $pull_secret_name in $pull_secret_home"
  need delete secrets '' "$pull_secret_home" "$pull_secret_name"
}

# A Secret is ours when this script applied it, over another one too: what was there before is gone. Keys of others
# keep it; then ours alone go. One that was equal, and so was never written, is not ours.
find_secret() {
  read_secret
  if [ ! -s "$private/secret.now" ]; then return; fi
  if ! is_applied_by_us secret.now; then
    by=$(writers secret.now)
    say "The Secret registry-info was not written by this script${by:+, but by $by}: it stays."
    return
  fi
  : > "$private/secret.wanted"
  compare_secret
  if [ -z "$strange" ]; then
    takes_secret=yes ours="$ours${newline}  Secret registry-info in jet-system"
    need delete secrets '' jet-system registry-info
  else
    takes_secret=keys ours="$ours${newline}  the seven keys of the Secret registry-info in jet-system, not $strange"
    need patch secrets '' jet-system registry-info
  fi
}

# Server-side apply would leave the keys that somebody else wrote too. Without them the Secret is not ours any more.
drop_keys() {
  nothing=
  for key in $secret_keys; do nothing="$nothing${nothing:+,}\"$key\":null"; done
  change 'the keys of the Secret registry-info cannot be removed' 'see above; then run it again' \
    patch secret registry-info --namespace jet-system --type=merge \
    --patch "{\"data\":{$nothing},\"metadata\":{\"managedFields\":[{}]}}"
}

# delete_ours KIND NAME NAMESPACE
delete_ours() {
  change "the $1 $2 in $3 cannot be deleted" 'see above; then run it again' \
    delete "$1" "$2" --namespace "$3" --ignore-not-found
}

tell_namespaces() {
  # shellcheck disable=SC2086 # none when the chart has none of its own
  find_created jet-system "$namespace" $pull_secret_home
  for space in $created; do
    say "The namespace $space was made by this script, and stays (kubectl delete namespace $space)."
  done
}
