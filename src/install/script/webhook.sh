# The init container of image-swap makes the MutatingWebhookConfiguration, not helm. It is known by its Service, which
# is of the release. While that has nobody behind it, the cluster refuses pods, or starts them unchanged.

# find_webhooks MANIFEST: a line each in `webhooks`, `name namespace/service`.
find_webhooks() {
  objects "$1" | awk '$2 == "Service" { print $3 "/" $4 }' > "$private/services"
  find_webhooks_of_services
}

# A configuration that has another's Service or a URL too is not of the init container.
find_webhooks_of_services() {
  : > "$private/webhooks"
  if [ ! -s "$private/services" ]; then return; fi
  # shellcheck disable=SC2016 # the variables are those of Go's template
  template='{{range .items}}{{$name := .metadata.name}}{{range .webhooks}}{{$name}} '
  # shellcheck disable=SC2016
  template=$template'{{with .clientConfig.service}}{{.namespace}}/{{.name}}{{else}}-{{end}}{{"\n"}}{{end}}{{end}}'
  ask_kube all-webhooks get mutatingwebhookconfigurations --output "go-template=$template" || return 1
  awk 'FILENAME == ARGV[1] { ours[$1]; next }
    !($2 in ours) { shared[$1]; next }
    !seen[$0]++ { lines[++count] = $0; names[count] = $1 }
    END { for (n = 1; n <= count; n++) if (!(names[n] in shared)) print lines[n] }' \
    "$private/services" "$private/all-webhooks" > "$private/webhooks"
}

need_to_delete_webhooks() {
  while read -r webhook _ <&3; do
    need delete mutatingwebhookconfigurations admissionregistration.k8s.io '' "$webhook"
  done 3< "$private/webhooks"
}

# A release that is gone by other hands, or by a run that was killed behind it, leaves the webhook: it is one whose
# Service is of the bundle's chart, or of our own one, and is not there any more. A chart that cannot be rendered without
# a credential leaves it at our own.
find_lost_webhooks() {
  : > "$private/webhooks"
  with_chart ask_helm lost template || : > "$private/lost"
  objects "$private/lost" | awk '$2 == "Service" { print $3 "/" $4 }
    END { print "imageswap-system/imageswap" }' | awk '!seen[$0]++' > "$private/services.known"
  keep_lost_services && find_webhooks_of_services && return
  say "  it is not known whether a webhook was left (kubectl get mutatingwebhookconfigurations): $words"
  : > "$private/services"
  : > "$private/webhooks"
}

keep_lost_services() {
  : > "$private/services"
  while read -r service <&3; do
    ask_kube service get service "${service#*/}" --namespace "${service%/*}" --ignore-not-found --output name || return 1
    if [ ! -s "$private/service" ]; then printf '%s\n' "$service" >> "$private/services"; fi
  done 3< "$private/services.known"
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
