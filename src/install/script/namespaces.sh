# read_namespaces NAMESPACE…: sets `missing` to those that are not there.
read_namespaces() {
  missing=
  ask_kube namespaces get namespace "$@" --ignore-not-found --output name ||
    fail 11 'the namespaces cannot be read' "$words" 'see above; then run it again'
  for space in "$@"; do
    if ! grep -q -x -F -e "namespace/$space" "$private/namespaces"; then missing="$missing $space"; fi
  done
}

# That of our own chart is made without --create-namespace too: the chart would make it.
check_namespaces() {
  for space in $missing; do
    if [ "$create_namespace" = no ] && [ "$space" != "$pull_secret_home" ]; then
      fail 11 "the namespace $space does not exist" "$at $server" \
        'check that this is the right cluster, or add --create-namespace'
    fi
    need create namespaces '' '' ''
  done
}

# The annotation is how --uninstall knows whose a namespace is.
create_namespaces() {
  for space in $missing; do
    {
      printf 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "%s"\n  annotations:\n' "$space"
      printf '    airgap-bundle/created-for: "%s %s"\n' "$name" "$version"
    } > "$private/Namespace"
    change "the namespace $space cannot be created" 'have it created, and run again' \
      create --filename "$private/Namespace"
  done
}

# Sets `created` to those of these namespaces that this script made.
find_created() {
  ask_kube created get namespace "$@" --ignore-not-found --output \
    'go-template={{define "one"}}{{if .metadata.annotations}}{{if index .metadata.annotations "airgap-bundle/created-for"}}{{.metadata.name}}{{"\n"}}{{end}}{{end}}{{end}}{{if eq .kind "List"}}{{range .items}}{{template "one" .}}{{end}}{{else}}{{template "one" .}}{{end}}' || :
  created=$(tr '\n' ' ' < "$private/created")
}
