{{/*
The map file of the webhook, an entry a line: mirrorRegistries, before it an empty `default` and the endpoint out of
swapping, each only where the map has no such key.
*/}}
{{- define "image-swap.map" -}}
{{- $registry := .Values.config.ociImageRegistry -}}
{{- $endpoint := required "config.ociImageRegistry.endpoint is missing: host[:port] of the private registry" $registry.endpoint -}}
{{- $text := required "config.ociImageRegistry.mirrorRegistries is missing: source::target,…" $registry.mirrorRegistries -}}
{{- $entries := include "image-swap.entries" $text | fromJsonArray -}}
{{- $keys := dict -}}
{{- range $entries }}{{ $_ := set $keys .key true }}{{ end -}}
{{- if not (hasKey $keys "default") }}
default::
{{- end }}
{{- if not (hasKey $keys "noswap_wildcards") }}
noswap_wildcards::{{ $endpoint }}
{{- end }}
{{- range $entries }}
{{ template "image-swap.line" . }}
{{- end }}
{{ end }}

{{/* The webhook cuts a line at its last `#`: an empty comment keeps one that belongs to the entry. */}}
{{- define "image-swap.line" -}}
{{- $line := printf "%s::%s" .key .value -}}
{{- if contains "#" $line }} {{ $line }} #{{ else }}{{ $line }}{{ end -}}
{{- end }}

{{/* The entries of a map as a JSON list. A text with a single line that is not blank has commas between its entries. */}}
{{- define "image-swap.entries" -}}
{{- $lines := regexSplit "\r\n|\r|\n" (trimPrefix "\ufeff" .) -1 -}}
{{- $written := 0 -}}
{{- range $lines }}{{ if ne (include "image-swap.rstrip" .) "" }}{{ $written = add1 $written }}{{ end }}{{ end -}}
{{- $hasCommas := le (int $written) 1 -}}
{{- $pieces := $lines -}}
{{- if $hasCommas }}{{ $pieces = splitList "," (join "," $lines) }}{{ end -}}
{{- $entries := list -}}
{{- range $pieces -}}
  {{- $content := include "image-swap.content" . -}}
  {{- $last := last $entries | default dict -}}
  {{- $parts := splitList "::" $content -}}
  {{- $oldParts := splitList ":" $content -}}
  {{- if eq $content "" -}}
  {{- else if and $hasCommas (eq (len $parts) 1) (eq (get $last "key") "noswap_wildcards") -}}
    {{- $patterns := $content -}}
    {{- if ne $last.value "" }}{{ $patterns = printf "%s,%s" $last.value $content }}{{ end -}}
    {{- $_ := set $last "value" $patterns -}}
  {{- else if eq (len $parts) 2 -}}
    {{- $entries = append $entries (dict "key" (index $parts 0) "value" (index $parts 1)) -}}
  {{- else if and (eq (len $parts) 1) (eq (len $oldParts) 2) -}}
    {{- $entries = append $entries (dict "key" (index $oldParts 0) "value" (index $oldParts 1)) -}}
  {{- end -}}
{{- end -}}
{{- toJson $entries -}}
{{- end }}

{{/* An entry without its comment, which is what follows the last run of `#`, and without spaces. */}}
{{- define "image-swap.content" -}}
{{- if not (hasPrefix "#" .) -}}
{{- include "image-swap.rstrip" (regexReplaceAll "(?s)^(.*[^#])#+[^#]*$" . "${1}") | replace " " "" -}}
{{- end -}}
{{- end }}

{{- define "image-swap.rstrip" -}}
{{- regexReplaceAll "[\\t-\\r\\x1c-\\x20\\x{85}\\p{Z}]+$" . "" -}}
{{- end }}
