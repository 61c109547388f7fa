# The base64 of the cluster and ours are both canonical, so equal text is equal bytes.
check_secret() {
  say 'Reading MIRROR_REGISTRIES back'
  if [ "$dry_run" = yes ]; then
    kube show get secret registry-info --namespace jet-system --output 'jsonpath={.data.MIRROR_REGISTRIES}'
    return
  fi
  ask_kube map.line get secret registry-info --namespace jet-system --ignore-not-found \
    --output 'jsonpath={.data.MIRROR_REGISTRIES}' ||
    fail 11 'the Secret registry-info cannot be read back' "$words" 'see above; then run it again'
  setting secret.MIRROR_REGISTRIES > "$private/map.signed"
  decode "$private/map.line" "$private/map" || :
  cmp -s "$private/map.line" "$private/map.signed" ||
    fail 11 'MIRROR_REGISTRIES in the cluster is not the map of this bundle' \
      "$(head -n 3 "$private/map" | cut -c 1-300)" \
      'run it with --only secret,check; then look who else writes the Secret'
  say "$(sed 's/^/  /' "$private/map")"
}

# Whether the webhook that the release brought has anybody behind it. Who may not read that learns nothing.
check_webhook() {
  if [ "$dry_run" = yes ] || [ "$environment" != airgap ] || ! command -v helm > /dev/null 2>&1; then return; fi
  ask_helm manifest get manifest "$release" --namespace "$namespace" || return 0
  if find_webhooks "$private/manifest"; then warn_of_webhooks; fi
}
