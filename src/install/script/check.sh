# The base64 of the cluster and ours are both canonical, so equal text is equal bytes.
check_secret() {
  say 'Reading MIRROR_REGISTRIES back'
  kube "$mode" get secret registry-info --namespace jet-system \
    --output 'jsonpath={.data.MIRROR_REGISTRIES}' < /dev/null > "$private/map.line" ||
    fail 11 'the Secret registry-info cannot be read back' '' 'check that you may read it in jet-system'
  if [ "$dry_run" = yes ]; then
    cat "$private/map.line"
    return
  fi
  setting secret.MIRROR_REGISTRIES > "$private/map.signed"
  decode "$private/map.line" "$private/map" || :
  cmp -s "$private/map.line" "$private/map.signed" ||
    fail 11 'MIRROR_REGISTRIES in the cluster is not the map of this bundle' \
      "$(head -n 3 "$private/map" | cut -c 1-300)" \
      'run it with --only secret,check; then look who else writes the Secret'
  say "$(sed 's/^/  /' "$private/map")"
}
