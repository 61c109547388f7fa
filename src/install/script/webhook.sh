# The init container of image-swap makes the MutatingWebhookConfiguration, not helm. It is known by its Service, which
# is of the release. While that has nobody behind it, the cluster refuses pods, or starts them unchanged.

# find_webhooks MANIFEST: a line each in `webhooks`, `name namespace/service`.
find_webhooks() {
  objects "$1" | awk '$2 == "Service" { print $3 "/" $4 }' > "$private/services"
  : > "$private/webhooks"
  if [ ! -s "$private/services" ]; then return; fi
  # shellcheck disable=SC2016 # the variables are those of Go's template
  template='{{range .items}}{{$name := .metadata.name}}{{range .webhooks}}{{with .clientConfig.service}}'
  # shellcheck disable=SC2016
  template=$template'{{$name}} {{.namespace}}/{{.name}}{{"\n"}}{{end}}{{end}}{{end}}'
  ask_kube all-webhooks get mutatingwebhookconfigurations --output "go-template=$template" || return 1
  awk 'NR == FNR { ours[$1]; next } $2 in ours && !seen[$0]++' "$private/services" "$private/all-webhooks" \
    > "$private/webhooks"
}

warn_of_webhooks() {
  while read -r webhook service <&3; do
    ask_kube endpoints get endpointslices --namespace "${service%/*}" \
      --selector "kubernetes.io/service-name=${service#*/}" --output \
      'go-template={{range .items}}{{range .endpoints}}{{if .conditions.ready}}ready{{"\n"}}{{end}}{{end}}{{end}}' ||
      continue
    if [ -s "$private/endpoints" ]; then continue; fi
    say "  warning: the webhook $webhook is registered, but nothing is ready behind its Service $service:"
    say '    in the namespaces that it is for, pods are refused or not swapped until its own pods run'
    say "    (kubectl get pods --namespace ${service%/*}); kubectl delete mutatingwebhookconfiguration $webhook lifts it"
  done 3< "$private/webhooks"
}

# Those that find_webhooks found.
delete_webhooks() {
  while read -r webhook _ <&3; do
    change "the MutatingWebhookConfiguration $webhook cannot be deleted" 'see above; then run it again' \
      delete mutatingwebhookconfiguration "$webhook" --ignore-not-found
  done 3< "$private/webhooks"
}

# What else the init container leaves: the key of the webhook's certificate, and the request for it.
find_leftovers() {
  : > "$private/leftovers"
  awk -F / '!seen[$1]++ { print $1 }' "$private/services" > "$private/homes"
  while read -r home <&3; do
    find_leftover secret '' "$home" imageswap-tls
    find_leftover certificatesigningrequest certificates.k8s.io '' "imageswap.$home.cert-request"
  done 3< "$private/homes"
}

# find_leftover KIND GROUP NAMESPACE NAME. A login that may not read it may go on: the helm release alone is worth taking
# away. What is there must be deletable before the first thing is deleted.
find_leftover() {
  ask_kube leftover get "$1" "$4" --namespace "$home" --ignore-not-found --output name ||
    say "  it is not known whether there is a $1 $4 in $home: $words"
  if [ ! -s "$private/leftover" ]; then return; fi
  need delete "${1}s" "$2" "$3" "$4"
  printf '%s %s %s\n' "$1" "$4" "$home" >> "$private/leftovers"
}

delete_leftovers() {
  while read -r kind object home <&3; do
    change "the $kind $object cannot be deleted" 'see above; then run it again' \
      delete "$kind" "$object" --namespace "$home" --ignore-not-found
  done 3< "$private/leftovers"
}
