apply_secret() {
  say 'Applying the Secret registry-info'
  if [ "$pull" = yes ]; then
    encode "$private/pull-username" "$private/secret.USERNAME"
    encode "$private/pull-password" "$private/secret.PASSWORD"
  fi
  printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: registry-info\n  namespace: jet-system\n' \
    > "$private/Secret"
  printf 'type: Opaque\ndata:\n' >> "$private/Secret"
  for key in DOMAIN BASE_PATH USERNAME PASSWORD INSECURE CA_CERT MIRROR_REGISTRIES; do
    if [ ! -f "$private/secret.$key" ]; then setting "secret.$key" > "$private/secret.$key"; fi
    {
      printf '  %s: "' "$key"
      cat "$private/secret.$key"
      printf '"\n'
    } >> "$private/Secret"
  done
  kube_apply Secret registry-info jet-system
}
