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
      'run it with --only secret, then with --skip load; then look who else writes the Secret'
  say "$(sed 's/^/  /' "$private/map")"
}

# Loading asks for each placement by itself.
check_placements() {
  say 'Looking for every image in the registry'
  failed=0
  while IFS=$tab read -r digest _ repository tag _ <&3; do
    reference=$endpoint/$repository:$tag
    if [ "$dry_run" = yes ]; then
      oras_at plain resolve -- "$reference"
      continue
    fi
    resolve "$reference"
    if [ "$found" != "$digest" ]; then note_failure 11 "$reference" "resolves to ${found:-nothing}, not $digest"; fi
  done 3< "$private/images.tsv"
  if [ "$failed" -ne 0 ]; then
    fail 11 'the registry does not have every image as it was signed' 'see above' 'run it with --only load'
  fi
}

tell_unasked() {
  if asks_registry || [ "$dry_run" = yes ]; then return; fi
  say "  warning: nobody has looked whether the images are in $endpoint (--skip load): --only check does"
}

# Whether the webhook that the release brought has anybody behind it. Who may not read that learns nothing.
check_webhook() {
  if [ "$dry_run" = yes ] || [ "$environment" != airgap ] || ! command -v helm > /dev/null 2>&1; then return; fi
  ask_helm manifest get manifest "$release" --namespace "$namespace" || return 0
  if find_webhooks "$private/manifest"; then warn_of_webhooks; fi
}
